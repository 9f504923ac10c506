-- Orders of reservations.
-- grain: one row per order
-- columns:
--   order_id: Id of the order, lower case.
--   order_name: Its guid.
--   display_name: Name given by its owner.
--   term: P1Y, P3Y or P5Y.
--   billing_plan: Upfront or Monthly.
--   original_quantity: Units that were bought.
--   created_at: Instant of the purchase (UTC).
--   expiry_date: Day it ends.
--   reservation_ids: JSON list of its reservations, lower case.
--   state: succeeded, expired, cancelled, ...
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as order_id,
    lower(name) as order_name,
    display_name,
    term,
    billing_plan,
    original_quantity,
    created_at,
    expiry_date,
    lower(reservation_ids) as reservation_ids,
    lower(provisioning_state) as state,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.reservation_orders as items
left join meta.last_success as listed on listed.table_name = 'reservation_orders' and listed.scope_id = items._scope_id
