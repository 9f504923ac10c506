-- Spend of this month and the last one that no budget counts, by subscription; a budget of a resource group, or one with
--   a filter, counts only its part, and none counts another currency than its own.
-- grain: one row per subscription, calendar month and billing currency
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>; null for charges without one.
--   sub_account_name: Its name.
--   billing_month: First day of the month (UTC): that of the newest load, or the one before, which is complete.
--   is_complete_month: Whether the month is over.
--   billing_currency: Currency of the amounts.
--   billed_cost: What was charged.
--   budgeted_cost: What at least one budget that ran on the day counts.
--   untold_cost: What a budget may count: the charges' source does not tell what its filter asks for.
--   unbudgeted_cost: What no budget counts; null where the budgets of the subscription could not be read.
-- example: select sub_account_name, billing_month, unbudgeted_cost, billing_currency from marts.unbudgeted_spend
with newest as (
    select date_trunc('month', max(last_success_at) at time zone 'UTC')::date as billing_month,
    from meta.chunks
),

days as materialized (
    select
        coverage.*,
        date_trunc('month', coverage.charge_date)::date as billing_month,
        newest.billing_month as newest_month,
        row_number() over () as number,
    from marts.budget_coverage as coverage
    inner join newest on coverage.charge_date >= newest.billing_month - interval 1 month
),

seen as (
    select
        items.number,
        bool_or(items.is_told) as is_counted,
    from (
        select number, charge_date, billing_currency, unnest(budget_ids) as budget_id, true as is_told from days
        union all
        select number, charge_date, billing_currency, unnest(untold_budget_ids), false from days
    ) as items
    inner join marts.budget_periods as budgets
        on items.budget_id = budgets.budget_id
        and coalesce(items.billing_currency = budgets.billing_currency, true)
        and items.charge_date >= budgets.budget_start_date
        and coalesce(items.charge_date <= budgets.budget_end_date, true)
    group by items.number
),

listed as (
    select scope_id as sub_account_id
    from meta.chunks
    where table_name = 'budgets' and last_success_at is not null and is_complete
)

select
    days.sub_account_id,
    subscriptions.sub_account_name,
    days.billing_month,
    days.billing_month < days.newest_month as is_complete_month,
    days.billing_currency,
    sum(days.billed_cost) as billed_cost,
    coalesce(sum(days.billed_cost) filter (where seen.is_counted), 0) as budgeted_cost,
    coalesce(sum(days.billed_cost) filter (where not seen.is_counted), 0) as untold_cost,
    case
        when bool_and(days.sub_account_id is null or listed.sub_account_id is not null)
            then coalesce(sum(days.billed_cost) filter (where seen.number is null), 0)
    end as unbudgeted_cost,
from days
left join seen using (number)
left join listed on days.sub_account_id = listed.sub_account_id
left join marts.subscriptions as subscriptions on days.sub_account_id = subscriptions.sub_account_id
group by days.sub_account_id, subscriptions.sub_account_name, days.billing_month, days.newest_month, days.billing_currency
