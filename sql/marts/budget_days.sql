-- What each budget counts of our own charges, by day: its scope and its filter, applied to charges, also before it began.
-- grain: one row per budget, UTC day and billing currency
-- columns:
--   budget_id: Full ARM id, lower case; local: and the name of one that is configured here.
--   charge_date: UTC day.
--   billing_currency: Currency of the cost.
--   billed_cost: What was charged; null where a charge's source cannot tell what the filter asks for.
--   is_told: False where that is so.
with counted as (
    select unnest(budget_ids) as budget_id, charge_date, billing_currency, billed_cost, true as is_told,
    from marts.budget_coverage
    union all
    select unnest(untold_budget_ids), charge_date, billing_currency, null, false,
    from marts.budget_coverage
)

select
    budget_id,
    charge_date,
    billing_currency,
    case when bool_and(is_told) then sum(billed_cost) end as billed_cost,
    bool_and(is_told) as is_told,
from counted
group by all
