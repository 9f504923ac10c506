-- The meter of each resource that could be changed to a smaller or cheaper size, and the meter of that.
-- grain: one row per resource with such a size
-- base_of: marts.smaller_sizes
-- source: names of products and meters as Azure's retail price list has them (Azure Retail Prices API), as in marts.sku_meters
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   location: Region, lower case.
--   smaller_size: The size it could have, such as StandardSSD_LRS.
--   product_name: Product of the price list that it is billed by.
--   meter_pattern: Regular expression that all of the meter's name matches, whatever its case.
--   smaller_product_name: Product of the smaller size.
--   smaller_meter_pattern: The same expression of the smaller size.
select
    meters.resource_id,
    meters.sub_account_id,
    meters.location,
    replace(disks.sku_name, 'Premium', 'StandardSSD') as smaller_size,
    meters.product_name,
    meters.meter_pattern,
    'Standard SSD Managed Disks' as smaller_product_name,
    meters.standard_ssd_pattern as smaller_meter_pattern,
from marts.disk_meters as meters
inner join staging.disks as disks on meters.resource_id = disks.resource_id
where meters.standard_ssd_pattern is not null and disks.disk_state = 'attached'
