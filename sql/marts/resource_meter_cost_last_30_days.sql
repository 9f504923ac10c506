-- What each meter of each resource cost in the last 30 complete days, for savings that leave only a part of a bill.
-- grain: one row per resource, meter and billing currency with a charge in the window; sources that tell no meter have none
-- stored: whole
-- columns:
--   resource_id: Full ARM id, lower case.
--   x_meter_category: Service the meter counts.
--   x_meter_subcategory: Kind of the service.
--   sku_meter: Name of the meter.
--   billing_currency: Currency of the amounts.
--   charged_days: Days with a charge.
--   consumed_quantity: Quantity that was used; null for what is not usage, and where it came in several units.
--   consumed_unit: Its unit, as the source writes it.
--   billed_cost: Actual cost of the window, before tax.
--   effective_cost: Amortized cost of the window.
select
    charges.resource_id,
    charges.x_meter_category,
    charges.x_meter_subcategory,
    charges.sku_meter,
    charges.billing_currency,
    count(distinct charges.charge_period_start) as charged_days,
    case when count(distinct charges.consumed_unit) = 1 then sum(charges.consumed_quantity) end as consumed_quantity,
    case when count(distinct charges.consumed_unit) = 1 then min(charges.consumed_unit) end as consumed_unit,
    sum(charges.billed_cost) as billed_cost,
    sum(charges.effective_cost) as effective_cost,
from marts.charges_as_of(null::timestamptz) as charges
inner join marts.cost_windows as windows using (x_scope_id)
where
    charges.resource_id is not null
    and (charges.sku_meter is not null or charges.x_meter_subcategory is not null)
    and charges.charge_period_start between windows.window_start_date and windows.window_end_date
group by all
