-- Meters that managed disks, snapshots and images are billed by; one of the parts of marts.sku_meters.
-- grain: one row per disk, snapshot, image or version of one, and part of its price
-- base_of: marts.sku_meters
-- source: names of products and meters as Azure's retail price list has them (Azure Retail Prices API); size tiers of managed disks: Azure's pricing pages; what Premium SSD v2 includes (3000 operations and 125 MB a second), what is billed per GiB and that snapshots are billed by used size: Microsoft Learn, Understand Azure Disk Storage billing
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   location: Region as resources name it, lower case.
--   part: What is paid for: disk, capacity, operations, throughput, snapshot or image.
--   product_name: Product of the price list.
--   meter_pattern: Regular expression that all of the meter's name matches, whatever its case.
--   standard_ssd_product_name: Product of a Standard SSD in its place, of Premium SSDs; null for all else.
--   standard_ssd_pattern: Regular expression for the meter of one of its size; null for all else.
--   base_unit: What a unit of the price is for: month, hour or GiB hour.
--   units: How many of the meter run at once; of a meter with a free amount, those beyond it.
--   free_units: Units that the meter includes free of charge; null where it has none.
--   unmetered_because: Why no meter of a fixed price is known, in one sentence; null where one is.
with sized_disks as (
    select
        *,
        lower(split_part(sku_name, '_', 1)) as family,
        upper(split_part(sku_name, '_', 2)) as redundancy,
        case
            when disk_size_gb <= 0 then null
            when disk_size_gb <= 4 then 1
            when disk_size_gb <= 8 then 2
            when disk_size_gb <= 16 then 3
            when disk_size_gb <= 32 then 4
            when disk_size_gb <= 64 then 6
            when disk_size_gb <= 128 then 10
            when disk_size_gb <= 256 then 15
            when disk_size_gb <= 512 then 20
            when disk_size_gb <= 1024 then 30
            when disk_size_gb <= 2048 then 40
            when disk_size_gb <= 4096 then 50
            when disk_size_gb <= 8192 then 60
            when disk_size_gb <= 16384 then 70
            when disk_size_gb <= 32767 then 80
        end as size_tier,
        try_cast(regexp_extract(tier, '^P(\d+)$', 1) as int) as performance_tier,
    from staging.disks
),

tiered_disks as (
    select
        resource_id,
        sub_account_id,
        location,
        'disk' as part,
        case family
            when 'premium' then 'Premium SSD Managed Disks'
            when 'standardssd' then 'Standard SSD Managed Disks'
            when 'standard' then 'Standard HDD Managed Disks'
        end as product_name,
        case family
            when 'premium' then 'P' || greatest(size_tier, coalesce(performance_tier, 0))
            when 'standardssd' then 'E' || size_tier
            when 'standard' then 'S' || greatest(size_tier, 4)
        end || ' (' || redundancy || ' )?Disks?' as meter_pattern,
        case when family = 'premium' and redundancy in ('LRS', 'ZRS') then 'E' || size_tier || ' (' || redundancy || ' )?Disks?' end
            as standard_ssd_pattern,
        'month' as base_unit,
        case
            when family not in ('premium', 'standardssd', 'standard') or redundancy not in ('LRS', 'ZRS') or family is null
                then 'No meter is known for the SKU ' || coalesce(sku_name, 'null') || '.'
            when size_tier is null then 'Its size is not known.'
        end as unmetered_because,
    from sized_disks
    where family is null or family not in ('premiumv2', 'ultrassd')
),

provisions (part, what, base_unit, included) as (
    values
        ('capacity', 'Capacity', 'GiB hour', 0),
        ('operations', 'IOPS', 'hour', 3000),
        ('throughput', 'Throughput \(MB(ps|/s)\)', 'hour', 125)
),

provisioned_disks as (
    select
        disks.resource_id,
        disks.sub_account_id,
        disks.location,
        provisions.part,
        case disks.family when 'premiumv2' then 'Azure Premium SSD v2' else 'Ultra Disks' end as product_name,
        case disks.family when 'premiumv2' then 'Premium ' else 'Ultra ' end
            || disks.redundancy || ' Provisioned ' || provisions.what as meter_pattern,
        provisions.base_unit,
        case provisions.part
            when 'capacity' then nullif(disks.disk_size_gb, 0)
            when 'operations' then disks.disk_iops
            else disks.disk_mbps
        end as provisioned,
        case when disks.family = 'premiumv2' then nullif(provisions.included, 0) end as free_units,
        provisioned - coalesce(free_units, 0) as units,
        case
            when disks.redundancy not in ('LRS', 'ZRS') then 'No meter is known for the SKU ' || disks.sku_name || '.'
            when disks.max_shares > 1
                then 'A shared disk is billed for what it may do read-only, too, which is not known.'
            when provisioned is null then 'It is not known what ' || provisions.part || ' it is provisioned for.'
        end as unmetered_because,
    from sized_disks as disks
    cross join provisions
    where disks.family in ('premiumv2', 'ultrassd') and coalesce(units > 0, true)
),

copies as (
    select
        resource_id,
        sub_account_id,
        location,
        'snapshot' as part,
        case
            when is_incremental
                then 'An incremental snapshot is billed by what changed since the one before it, which no listing tells.'
            else 'Billed by the size in use, which no listing tells: of its ' || coalesce(disk_size_gb || ' GiB', 'size') || ' at most.'
        end as unmetered_because,
    from staging.snapshots
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'image' as part,
        'Billed by the size in use of its disks, which no listing tells.' as unmetered_because,
    from staging.images
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'image' as part,
        'Billed by the size in use of each of its replicas, which no listing tells.' as unmetered_because,
    from staging.gallery_image_versions
)

select
    resource_id,
    sub_account_id,
    location,
    part,
    product_name,
    meter_pattern,
    case when standard_ssd_pattern is not null then 'Standard SSD Managed Disks' end as standard_ssd_product_name,
    standard_ssd_pattern,
    base_unit,
    units,
    free_units,
    unmetered_because,
from (
    from tiered_disks
    union all by name from provisioned_disks
    union all by name from copies
)
