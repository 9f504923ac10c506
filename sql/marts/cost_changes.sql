-- Why cost differs between two periods: effects that add up exactly to the difference, in each currency.
-- grain: one row per level and group (total: billing currency; group: value of dimension and currency, those that changed
--   most; other: the other groups of a currency; resource: one of those whose cost changed most, and currency)
-- source: price, quantity and mix as in a price-volume-mix analysis: quantity at the old average price of a unit, price at
--   the new quantity of each meter, mix what shifts between dearer and cheaper meters and resources of one unit
-- parameters:
--   dimension: What to group by, such as charges.service_name, or a struct of several.
--   measure: charges.billed_cost or charges.effective_cost.
--   base_start: First day (UTC) of the period to compare with.
--   base_end: Last day of it, inclusive.
--   period_start: First day of the period to explain.
--   period_end: Last day of it, inclusive.
--   keep := true: Condition on charges, such as charges.region_id = 'westeurope'.
--   groups := 100: How many groups to list; the others are summed as other.
--   resources := 10: How many resources to list.
--   source := 'marts.charge_kinds': What to read; 'marts.charges_now' is faster, and has fewer columns.
-- example: marts.cost_changes(charges.service_name, charges.billed_cost, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')
-- like: marts.cost_change_effects
-- columns:
--   level: total, group, other or resource.
--   group_count: How many groups the row stands for.
--   place: The group, at level group; else null.
--   sub_account_id: Subscription, at level resource; else null.
--   resource_id: Full ARM id, at level resource; null also for charges without a resource, which count by service.
--   service_name: At level resource: the service of charges without a resource; else null.
--   base_days: At level resource: days with a charge then; 0 where a period is longer than 127 days; null at other levels.
--   period_days: At level resource: days with a charge now; else null.
--   first_date: At level resource: first day with a charge in the period to explain.
--   last_date: At level resource: last day with a charge in the period to compare with.
--   base_committed_days: At level resource: days then on which a commitment covered it.
--   period_committed_days: At level resource: days now on which a commitment covers it.
with compared as materialized (
    from marts.compared_charges(
        dimension, measure, base_start, base_end, period_start, period_end, keep := keep, source := source
    )
),

items as (
    from marts.cost_change_items('compared')
),

largest as (
    from marts.cost_change_resources('compared', resources := resources)
),

items_of_largest as (
    from marts.cost_change_items('largest')
)

select
    *,
    null as sub_account_id,
    null as resource_id,
    null as service_name,
from marts.cost_change_groups('items', groups := groups)
union all by name
select
    * exclude (place, has_one_unit),
    'resource' as level,
    1 as group_count,
    place.sub_account_id,
    place.resource_id,
    place.service_name,
from marts.cost_change_effects('items_of_largest')
