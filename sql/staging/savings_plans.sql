-- Savings plans the sign-in may see.
-- grain: one row per savings plan
-- columns:
--   savings_plan_id: Id beneath its order, lower case.
--   order_id: Its order, lower case.
--   display_name: Name given by its owner.
--   sku_name: Compute_Savings_Plan, ...
--   term: P1Y, P3Y or P5Y.
--   billing_plan: Upfront or monthly.
--   sub_account_id: Subscription that pays for it.
--   applied_scope_type: single, shared or managementgroup.
--   commitment_amount: What is committed to spend, per grain.
--   commitment_currency: Currency of commitment_amount.
--   commitment_grain: hourly.
--   effective_at: Instant from which it covers (UTC).
--   expires_at: Instant it ends (UTC).
--   is_renewed: Whether it is renewed by itself.
--   utilization_1d: Percent used over the last 1 day.
--   utilization_7d: Percent used over the last 7 days.
--   utilization_30d: Percent used over the last 30 days.
--   state: succeeded, expired, cancelled, ...
--   x_scope_id: Scope that was listed; / for the whole sign-in.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as savings_plan_id,
    regexp_replace(lower(id), '/savingsplans/[^/]+$', '') as order_id,
    display_name,
    sku_name,
    term,
    billing_plan,
    lower(billing_scope_id) as sub_account_id,
    lower(applied_scope_type) as applied_scope_type,
    commitment_amount,
    commitment_currency,
    lower(commitment_grain) as commitment_grain,
    effective_at,
    expires_at,
    is_renewed,
    try_cast(utilization_1d as decimal(38, 24)) as utilization_1d,
    try_cast(utilization_7d as decimal(38, 24)) as utilization_7d,
    try_cast(utilization_30d as decimal(38, 24)) as utilization_30d,
    lower(provisioning_state) as state,
    _scope_id as x_scope_id,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.savings_plans as items
left join meta.last_success as listed on listed.table_name = 'savings_plans' and listed.scope_id = items._scope_id
