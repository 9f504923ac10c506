-- Budgets as Azure lists them, with normalised ids.
-- grain: one row per budget and listing it appears in
-- columns:
--   budget_id: Full ARM id, lower case, with its leading slash.
--   budget_scope_id: Scope the budget counts, lower case: the part of its id before /providers/microsoft.consumption.
--   sub_account_id: Subscription of that scope, /subscriptions/<guid>; null for wider scopes.
--   resource_group_name: Resource group of that scope, lower case; null for wider scopes.
--   listed_in: Scope whose listing named it.
--   budget_name: Name as Azure writes it.
--   category: Cost, Usage or ReservationUtilization.
--   time_grain: Monthly, Quarterly, Annually, or the same by billing period.
--   amount: What may be spent per time grain, in the billing currency.
--   period_start_date: First day of the budget (UTC).
--   period_end_date: Last day of the budget (UTC).
--   azure_spend: What Azure says is spent in the running period; null when it does not say.
--   azure_forecast: What Azure forecasts for the running period; null when it does not say.
--   billing_currency: Currency of the amounts; null until Azure has evaluated the budget.
--   filter: JSON of the budget's own filter; null when it counts everything in its scope.
--   notifications: JSON list of its thresholds.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    '/' || ltrim(lower(id), '/') as budget_id,
    regexp_replace('/' || ltrim(lower(id), '/'), '/providers/microsoft\.consumption/budgets/.*$', '') as budget_scope_id,
    nullif(regexp_extract('/' || ltrim(lower(id), '/'), '^(/subscriptions/[^/]+)', 1), '') as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    _scope_id as listed_in,
    name as budget_name,
    category,
    time_grain,
    amount,
    period_start_date,
    period_end_date,
    current_spend_amount as azure_spend,
    forecast_spend_amount as azure_forecast,
    upper(coalesce(nullif(current_spend_unit, ''), nullif(forecast_spend_unit, ''))) as billing_currency,
    filter,
    notifications,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.budgets as budgets
left join meta.last_success as listed on listed.table_name = 'budgets' and listed.scope_id = budgets._scope_id
