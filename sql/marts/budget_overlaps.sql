-- Pairs of running budgets that count the same charges, so that their spend must not be added.
-- grain: one row per pair of budgets and billing currency in which both count a charge
-- columns:
--   budget_id: One budget.
--   budget_name: Its name.
--   other_budget_id: The other, whose id comes later in the alphabet.
--   other_budget_name: Its name.
--   relation: same (both count the same charges), contains (the first counts all of the other's), within (the other way round) or partly; in the days that both periods share.
--   billing_currency: Currency of the cost.
--   first_date: First day (UTC) with a charge that both count.
--   last_date: Last such day.
--   shared_cost: What both count.
-- example: select budget_name, relation, other_budget_name, shared_cost, billing_currency from marts.budget_overlaps
with budgets as materialized (
    select
        budget_id,
        budget_name,
        billing_currency,
        greatest(period_start_date, budget_start_date) as first_date,
        least(period_end_date, budget_end_date) as last_date,
    from marts.budget_periods
    where category = 'Cost' and budget_start_date <= listed_date and coalesce(budget_end_date >= listed_date, true)
),

counted as materialized (
    select
        budgets.budget_id,
        days.charge_date,
        days.billing_currency,
        days.billed_cost,
        days.budget_ids,
    from (select *, unnest(budget_ids) as budget_id from marts.budget_coverage) as days
    inner join budgets
        on days.budget_id = budgets.budget_id
        and days.charge_date between budgets.first_date and budgets.last_date
        and coalesce(days.billing_currency = budgets.billing_currency, true)
),

pairs as (
    select
        days.budget_id,
        days.other_budget_id,
        days.billing_currency,
        min(days.charge_date) as first_date,
        max(days.charge_date) as last_date,
        count(*) as shared_rows,
        sum(days.billed_cost) as shared_cost,
    from (select *, unnest(budget_ids) as other_budget_id from counted) as days
    inner join budgets as others
        on days.other_budget_id = others.budget_id
        and days.charge_date between others.first_date and others.last_date
        and coalesce(days.billing_currency = others.billing_currency, true)
    where days.budget_id < days.other_budget_id
    group by days.budget_id, days.other_budget_id, days.billing_currency
),

sizes as (
    select
        pairs.budget_id,
        pairs.other_budget_id,
        pairs.billing_currency,
        count(*) filter (where counted.budget_id = pairs.budget_id) as own_rows,
        count(*) filter (where counted.budget_id = pairs.other_budget_id) as other_rows,
    from pairs
    inner join budgets as ones on pairs.budget_id = ones.budget_id
    inner join budgets as others on pairs.other_budget_id = others.budget_id
    inner join counted
        on counted.budget_id in (pairs.budget_id, pairs.other_budget_id)
        and counted.billing_currency = pairs.billing_currency
        and counted.charge_date between greatest(ones.first_date, others.first_date) and least(ones.last_date, others.last_date)
    group by all
)

select
    pairs.budget_id,
    ones.budget_name,
    pairs.other_budget_id,
    others.budget_name as other_budget_name,
    case
        when pairs.shared_rows = sizes.own_rows and pairs.shared_rows = sizes.other_rows then 'same'
        when pairs.shared_rows = sizes.other_rows then 'contains'
        when pairs.shared_rows = sizes.own_rows then 'within'
        else 'partly'
    end as relation,
    pairs.billing_currency,
    pairs.first_date,
    pairs.last_date,
    pairs.shared_cost,
from pairs
inner join sizes using (budget_id, other_budget_id, billing_currency)
inner join budgets as ones on pairs.budget_id = ones.budget_id
inner join budgets as others on pairs.other_budget_id = others.budget_id
