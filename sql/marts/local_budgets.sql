-- Budgets of the user's own configuration, beside those of Azure; a refresh makes this view from [[budgets]] in
--   config.toml, and there is none without.
-- grain: one row per budget
-- columns:
--   budget_id: local: and its name, lower case.
--   budget_name: Its name as configured.
--   budget_scope_id: Scope the budget counts, lower case; / for all that is in the lake.
--   time_grain: Monthly, Quarterly or Annually.
--   amount: What may be spent per time grain, in the billing currency.
--   billing_currency: Currency of the amount.
--   period_start_date: First day of the budget (UTC).
--   period_end_date: Last day of the budget (UTC); null where it has none.
--   filter: JSON of the budget's own filter; null when it counts everything in its scope.
--   notifications: JSON list of its thresholds.
--   owner: Who answers for it; null when not said.
--   parts_not_applied: Virtual tags of its filter that there are no rules for.
select
    null::varchar as budget_id,
    null::varchar as budget_name,
    null::varchar as budget_scope_id,
    null::varchar as time_grain,
    null::decimal(38, 24) as amount,
    null::varchar as billing_currency,
    null::date as period_start_date,
    null::date as period_end_date,
    null::varchar as filter,
    null::varchar as notifications,
    null::varchar as owner,
    null::varchar[] as parts_not_applied,
where false
