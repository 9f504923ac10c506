-- The meter of each resource that could be changed to a smaller or cheaper size, and the meter of that.
-- grain: one row per resource with such a size, and per App Service plan
-- base_of: marts.smaller_sizes
-- source: App Service: each number of a family has half the cores and memory of the next (Azure's pricing pages); names of products and meters as Azure's retail price list has them (Azure Retail Prices API), as in marts.sku_meters
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   location: Region, lower case.
--   smaller_size: The size it could have, such as StandardSSD_LRS; null where it has the smallest.
--   is_sole_meter: Whether its whole bill is for this meter.
--   product_name: Product of the price list that it is billed by.
--   meter_pattern: Regular expression that all of the meter's name matches, whatever its case.
--   smaller_product_name: Product of the smaller size.
--   smaller_meter_pattern: The same expression of the smaller size.
with plans as (
    select
        *,
        regexp_extract(lower(sku_name), '^([bsp])([0-9])(m?v[0-9])?$', ['family', 'number', 'version']) as parts,
        try_cast(parts['number'] as int) - 1 as smaller_number,
        case
            when parts['version'] in ('v3', 'v4') then smaller_number >= 0
            else smaller_number >= 1
        end as is_smaller_sold,
    from staging.app_service_plans
)

select
    meters.resource_id,
    meters.sub_account_id,
    meters.location,
    replace(disks.sku_name, 'Premium', 'StandardSSD') as smaller_size,
    false as is_sole_meter,
    meters.product_name,
    meters.meter_pattern,
    'Standard SSD Managed Disks' as smaller_product_name,
    meters.standard_ssd_pattern as smaller_meter_pattern,
from marts.disk_meters as meters
inner join staging.disks as disks on meters.resource_id = disks.resource_id
where meters.standard_ssd_pattern is not null and disks.disk_state = 'attached'
union all
select
    meters.resource_id,
    meters.sub_account_id,
    meters.location,
    case when plans.is_smaller_sold then upper(plans.parts['family']) || plans.smaller_number || plans.parts['version'] end
        as smaller_size,
    true as is_sole_meter,
    meters.product_name,
    meters.meter_pattern,
    meters.product_name as smaller_product_name,
    case when plans.is_smaller_sold then regexp_replace(meters.meter_pattern, '^(\w)\d', '\1' || plans.smaller_number) end
        as smaller_meter_pattern,
from marts.sku_meters as meters
inner join plans on meters.resource_id = plans.resource_id
where meters.part = 'workers' and meters.meter_pattern is not null
