-- How each reservation and savings plan was used, by day.
-- grain: one row per scope, benefit and day
-- columns:
--   x_scope_id: Scope that was asked.
--   usage_date: UTC day.
--   benefit_type: reservation, savingsplan or includedquantity.
--   benefit_id: Reservation or savings plan, lower case.
--   benefit_order_id: Its order, lower case.
--   sku_name: What is committed to.
--   average_utilization: Percent used.
--   minimum_utilization: Percent of the worst hour.
--   maximum_utilization: Percent of the best hour.
--   loaded_at: Instant of the load that brought the row (UTC).
select
    _scope_id as x_scope_id,
    usage_date,
    lower(kind) as benefit_type,
    lower(benefit_id) as benefit_id,
    lower(benefit_order_id) as benefit_order_id,
    sku_name,
    average_utilization,
    minimum_utilization,
    maximum_utilization,
    _loaded_at as loaded_at,
from raw.benefit_utilization
