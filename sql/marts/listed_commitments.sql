-- Reservations and savings plans as Azure lists them, in one shape.
-- grain: one row per reservation or savings plan
-- columns:
--   commitment_id: Id beneath its order, lower case.
--   commitment_name: Its guid, lower case, as bills and usage name it.
--   commitment_type: reservation or savings_plan.
--   display_name: Name given by its owner.
--   sku_name: What is reserved, or the kind of plan.
--   term: P1Y, P3Y or P5Y.
--   quantity: Units of a reservation; null for plans.
--   sub_account_id: Subscription that pays for it, /subscriptions/<guid>.
--   applied_scope_type: single, shared or managementgroup.
--   state: succeeded, expired, cancelled, ...
--   expiry_date: Day it ends (UTC).
--   days_left: Days until then from the day of the listing; negative when it is over.
--   is_renewed: Whether it is renewed by itself.
--   utilization_7d: Percent used over the last 7 days, by Azure.
--   utilization_30d: Percent used over the last 30 days, by Azure.
--   loaded_at: Instant of the listing (UTC).
select
    items.commitment_id,
    items.commitment_name,
    items.commitment_type,
    items.display_name,
    items.sku_name,
    items.term,
    items.quantity,
    items.sub_account_id,
    items.applied_scope_type,
    items.state,
    items.expiry_date,
    items.expiry_date - (listed.last_success_at at time zone 'UTC')::date as days_left,
    items.is_renewed,
    items.utilization_7d,
    items.utilization_30d,
    listed.last_success_at as loaded_at,
from marts.commitment_listing as items
left join meta.last_success as listed on items.table_name = listed.table_name and items.x_scope_id = listed.scope_id
