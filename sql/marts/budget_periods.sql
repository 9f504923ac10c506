-- Every budget once, Azure's and local ones, in its running period, with its filter ready to be applied to charges.
-- grain: one row per budget
-- source: a period starts at the budget's start date and repeats by its time grain (Azure budgets tutorial)
-- columns:
--   budget_id: Full ARM id, lower case; local: and the name of one that is configured here.
--   source: azure, or local for one of our own configuration.
--   owner: Who answers for a local budget; null when not said.
--   budget_scope_id: Scope the budget counts, lower case; / for all that is in the lake.
--   scope_kind: subscription, resource_group, management_group, billing_account, billing_profile, invoice_section, lake, or other.
--   scope_key: What charges say of that scope: the id of the subscription, else the last name of the scope.
--   listed_date: UTC day of the listing; of a local budget that of the newest load.
--   budget_start_date: First day of the budget itself (UTC).
--   budget_end_date: Last day of the budget itself (UTC); null where it has none.
--   period_start_date: First day of the running period (UTC).
--   period_end_date: Last day of the running period (UTC).
--   grain_months: Months of a period.
--   clauses: The filter as clauses that must all hold, each a list of parts of which one must; null without a filter, and of local budgets.
--   parts_not_applied: Names in the filter that cannot be applied to charges.
--   needs_detail: Whether charges of the Cost Management query cannot tell what the filter asks for.
--   loaded_at: Instant of the listing (UTC).
-- like: staging.budgets
with named as (
    select
        'azure' as source,
        null::varchar as owner,
        budget_id,
        budget_name,
        budget_scope_id,
        sub_account_id,
        resource_group_name,
        category,
        time_grain,
        amount,
        period_start_date,
        period_end_date,
        azure_spend,
        azure_forecast,
        billing_currency,
        filter,
        notifications,
        null::varchar[] as parts_not_applied,
        loaded_at,
    from staging.budgets
    qualify row_number() over (
        partition by budget_id order by listed_in = budget_scope_id desc, loaded_at desc
    ) = 1
    union all
    select
        'local',
        owner,
        budget_id,
        budget_name,
        budget_scope_id,
        nullif(regexp_extract(budget_scope_id, '^(/subscriptions/[^/]+)', 1), ''),
        nullif(regexp_extract(budget_scope_id, '/resourcegroups/([^/]+)', 1), ''),
        'Cost',
        time_grain,
        amount,
        period_start_date,
        period_end_date,
        null,
        null,
        billing_currency,
        filter,
        notifications,
        parts_not_applied,
        (select max(last_success_at) from meta.chunks),
    from marts.local_budgets
),

scoped as (
    select
        *,
        (loaded_at at time zone 'UTC')::date as listed_date,
        case
            when time_grain ilike '%quarter%' then 3
            when time_grain ilike '%annual%' then 12
            else 1
        end as grain_months,
        case
            when budget_scope_id = '/' then 'lake'
            when resource_group_name is not null then 'resource_group'
            when sub_account_id is not null then 'subscription'
            when regexp_matches(budget_scope_id, '^/providers/microsoft\.management/managementgroups/[^/]+$') then 'management_group'
            when regexp_matches(budget_scope_id, '^/providers/microsoft\.billing/billingaccounts/[^/]+$') then 'billing_account'
            when regexp_matches(budget_scope_id, '/billingprofiles/[^/]+$') then 'billing_profile'
            when regexp_matches(budget_scope_id, '/invoicesections/[^/]+$') then 'invoice_section'
            else 'other'
        end as scope_kind,
        coalesce(sub_account_id, regexp_extract(budget_scope_id, '([^/]*)$', 1)) as scope_key,
    from named
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
    from scoped
)

select
    periods.* exclude (period_start_date, period_end_date, periods_passed, parts_not_applied),
    period_start_date as budget_start_date,
    period_end_date as budget_end_date,
    (period_start_date + to_months((periods_passed * grain_months)::int))::date as period_start_date,
    (period_start_date + to_months(((periods_passed + 1) * grain_months)::int))::date - 1 as period_end_date,
    filters.clauses,
    coalesce(filters.parts_not_applied, periods.parts_not_applied, []) as parts_not_applied,
    coalesce(filters.needs_detail, false) as needs_detail,
from periods
left join filters using (budget_id)
