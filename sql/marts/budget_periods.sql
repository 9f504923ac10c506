-- Every budget once, in its running period, with its filter ready to be applied to charges.
-- grain: one row per budget
-- source: a period starts at the budget's start date and repeats by its time grain (Azure budgets tutorial)
-- columns:
--   listed_date: UTC day of the listing.
--   budget_start_date: First day of the budget itself (UTC).
--   budget_end_date: Last day of the budget itself (UTC).
--   period_start_date: First day of the running period (UTC).
--   period_end_date: Last day of the running period (UTC).
--   grain_months: Months of a period.
--   clauses: The filter as clauses that must all hold, each a list of parts of which one must; null without a filter.
--   parts_not_applied: Names in the filter that cannot be applied to charges.
--   needs_detail: Whether charges of the Cost Management query cannot tell what the filter asks for.
-- like: staging.budgets
with budgets as (
    select
        *,
        (loaded_at at time zone 'UTC')::date as listed_date,
        case
            when time_grain ilike '%quarter%' then 3
            when time_grain ilike '%annual%' then 12
            else 1
        end as grain_months,
    from staging.budgets
    qualify row_number() over (
        partition by budget_id order by listed_in = budget_scope_id desc, loaded_at desc
    ) = 1
),

clauses as (
    select
        budget_id,
        clause,
        list({'part': part, 'is_tag': is_tag, 'compared': compared, 'wanted': wanted} order by part) as parts,
        list(part_name order by part) filter (where compared is null) as not_applied,
        bool_or(needs_detail) as needs_detail,
    from marts.budget_filters
    group by budget_id, clause
),

filters as (
    select
        budget_id,
        list(parts order by clause) as clauses,
        flatten(list(not_applied order by clause) filter (where not_applied is not null)) as parts_not_applied,
        bool_or(needs_detail) as needs_detail,
    from clauses
    group by budget_id
),

periods as (
    select
        *,
        greatest(datediff('month', period_start_date, listed_date), 0) // grain_months as periods_passed,
    from budgets
)

select
    periods.* exclude (period_start_date, period_end_date, periods_passed),
    period_start_date as budget_start_date,
    period_end_date as budget_end_date,
    (period_start_date + to_months((periods_passed * grain_months)::int))::date as period_start_date,
    (period_start_date + to_months(((periods_passed + 1) * grain_months)::int))::date - 1 as period_end_date,
    filters.clauses,
    coalesce(filters.parts_not_applied, []) as parts_not_applied,
    coalesce(filters.needs_detail, false) as needs_detail,
from periods
left join filters using (budget_id)
