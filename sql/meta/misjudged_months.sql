-- Months whose sources of cost were judged by an age that no longer holds: what was confirmed since counts as loaded then.
-- A refresh judges them anew; between refreshes it is empty, but for shells, which do not see confirmations.
-- grain: one row per month
-- base_of: charges.candidates
-- source: the rule of 3 days in charges.candidates, for subscriptions; charges without one are judged with their next load
-- columns:
--   billing_month: First day of the calendar month.
with judged as (
    select
        candidates.billing_month,
        candidates.is_stale,
        ages.load_at < (candidates.billing_month + interval 1 month + interval 5 day) at time zone 'UTC'
        and max(ages.load_at) over (partition by candidates.account_id, candidates.billing_month) - ages.load_at > interval 3 day as is_stale_now,
    from charges.candidates as candidates
    left join meta.cost_ages as ages using (x_source, x_scope_id, billing_month)
    where candidates.account_id like '/subscriptions/%'
)

select distinct billing_month
from judged
where is_stale_now is distinct from is_stale
