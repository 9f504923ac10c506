-- The currency that each subscription is billed in, also where its own cost cannot be read.
-- grain: one row per subscription whose currency is known
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   billing_currency: Its currency; of several the one of the largest cost in the newest month.
--   told_by: charges (its own), budgets (its own) or other_subscriptions (all charges of the lake are in one currency).
with billed as (
    select sub_account_id, billing_month, billing_currency, sum(billed_cost) as billed_cost,
    from marts.charge_days
    where billing_currency is not null
    group by all
),

told as (
    select sub_account_id, billing_currency, 'charges' as told_by, 1 as place,
    from billed
    where sub_account_id is not null
    qualify row_number() over (
        partition by sub_account_id order by billing_month desc, abs(billed_cost) desc nulls last, billing_currency
    ) = 1
    union all
    select sub_account_id, min(billing_currency) as billing_currency, 'budgets' as told_by, 2 as place,
    from staging.budgets
    where sub_account_id is not null and billing_currency is not null
    group by sub_account_id
    having count(distinct billing_currency) = 1
    union all
    select subscriptions.sub_account_id, sole.billing_currency, 'other_subscriptions' as told_by, 3 as place,
    from staging.subscriptions as subscriptions
    cross join (
        select min(billing_currency) as billing_currency from billed having count(distinct billing_currency) = 1
    ) as sole
)

select sub_account_id, arg_min(billing_currency, place) as billing_currency, arg_min(told_by, place) as told_by,
from told
group by sub_account_id
