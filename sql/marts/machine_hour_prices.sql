-- What an hour of a machine size costs by the customer's own charges on demand, in the last 30 complete days.
-- grain: one row per machine size, region, operating system and billing currency that such an hour was billed for
-- base_of: marts.smaller_machines
-- stored: whole
-- source: the meter whose name is the size's; sources of cost that tell no meter (the query) give none
-- columns:
--   vm_size: Size, lower case, such as standard_d4s_v5.
--   location: Region, lower case.
--   os_type: windows or linux.
--   billing_currency: Currency of the price.
--   hour_price: Billed cost of one hour.
with machines as (
    select
        resource_id,
        lower(vm_size) as vm_size,
        location,
        lower(os_type) as os_type,
        replace(regexp_replace(lower(vm_size), '^standard_', ''), '_', ' ') as meter_name,
    from staging.virtual_machines
)

select
    machines.vm_size,
    machines.location,
    machines.os_type,
    charges.billing_currency,
    (sum(charges.billed_cost) / sum(charges.consumed_quantity))::decimal(28, 12) as hour_price,
from marts.charges_as_of(null::timestamptz) as charges
inner join marts.cost_windows as windows using (x_scope_id)
inner join machines using (resource_id)
where
    charges.charge_period_start between windows.window_start_date and windows.window_end_date
    and charges.charge_category = 'Usage'
    and charges.pricing_category is not distinct from 'Standard'
    and charges.consumed_quantity > 0
    and list_contains(string_split(lower(charges.sku_meter), '/'), machines.meter_name)
group by all
