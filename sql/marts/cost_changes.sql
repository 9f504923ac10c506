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
-- like: marts.cost_changes_of
with compared as materialized (
    from marts.compared_charges(
        dimension, measure, base_start, base_end, period_start, period_end, keep := keep, source := source
    )
),

levels as (
    from marts.cost_change_levels('compared', resources := resources)
),

items as (
    from marts.cost_change_items('levels')
)

from marts.cost_changes_of('items', groups := groups)
