-- Reservations the sign-in may see.
-- grain: one row per reservation
-- columns:
--   reservation_id: Id beneath its order, lower case.
--   reservation_name: Its guid, as usage and bills name it.
--   order_id: Its order, lower case.
--   display_name: Name given by its owner.
--   location: Region, lower case.
--   sku_name: What is reserved, such as Standard_D2s_v5.
--   resource_type: What it covers, lower case.
--   quantity: Units.
--   term: P1Y, P3Y or P5Y.
--   billing_plan: Upfront or Monthly.
--   sub_account_id: Subscription that pays for it.
--   applied_scope_type: single, shared or managementgroup.
--   applied_scopes: JSON list of what it covers, lower case; null for shared.
--   instance_flexibility: on, off or notsupported.
--   effective_at: Instant from which it covers (UTC).
--   expiry_date: Day it ends.
--   is_renewed: Whether it is renewed by itself.
--   utilization_1d: Percent used over the last 1 day.
--   utilization_7d: Percent used over the last 7 days.
--   utilization_30d: Percent used over the last 30 days.
--   state: succeeded, expired, cancelled, ...
--   x_scope_id: Scope that was listed; / for the whole sign-in.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as reservation_id,
    regexp_extract(lower(id), '[^/]+$') as reservation_name,
    regexp_replace(lower(id), '/reservations/[^/]+$', '') as order_id,
    display_name,
    lower(location) as location,
    sku_name,
    lower(resource_type) as resource_type,
    quantity,
    term,
    billing_plan,
    lower(billing_scope_id) as sub_account_id,
    lower(applied_scope_type) as applied_scope_type,
    lower(applied_scopes) as applied_scopes,
    lower(instance_flexibility) as instance_flexibility,
    effective_at,
    expiry_date,
    is_renewed,
    try_cast(utilization_1d as decimal(38, 24)) as utilization_1d,
    try_cast(utilization_7d as decimal(38, 24)) as utilization_7d,
    try_cast(utilization_30d as decimal(38, 24)) as utilization_30d,
    lower(provisioning_state) as state,
    _scope_id as x_scope_id,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.reservations as items
left join meta.last_success as listed on listed.table_name = 'reservations' and listed.scope_id = items._scope_id
