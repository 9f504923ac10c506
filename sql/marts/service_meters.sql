-- Meters of databases, front doors and other services, and why some have none; one of the parts of marts.sku_meters.
-- grain: one row per service of a kind listed here and part of its price
-- base_of: marts.sku_meters
-- source: names of products and meters as Azure's retail price list has them (Azure Retail Prices API); the base fee of a Front Door profile is the same in every commercial zone, and storage of a server with a standby is billed twice: Azure's pricing pages; SQL by DTU is priced by the day, pools by the pack: the same list
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   location: Region as resources name it, lower case; of Front Door profiles the zone that the list has their fee under.
--   part: What is paid for, such as storage or base_fee.
--   product_name: Product of the price list.
--   meter_pattern: Regular expression that all of the meter's name matches, whatever its case.
--   sku_pattern: Regular expression that all of the SKU's name in the price list matches; null where the meter's name tells enough.
--   base_unit: What a unit of the price is for: day, month or GB month.
--   units: How many of the meter run at once.
--   unmetered_because: Why no meter of a fixed price is known, in one sentence; null where one is.
with front_doors as (
    select
        resource_id,
        sub_account_id,
        'Zone 1' as location,
        'base_fee' as part,
        'Azure Front Door' as product_name,
        regexp_extract(sku_name, '^(Standard|Premium)_AzureFrontDoor$', 1, 'i') || ' Base Fees' as meter_pattern,
        'month' as base_unit,
        case
            when resource_type = 'microsoft.network/frontdoors'
                then 'A classic front door is billed by its rules and data, which no listing tells.'
            when sku_name is null then 'Its SKU is not known.'
            when not regexp_matches(sku_name, '_AzureFrontDoor$', 'i')
                then 'A CDN profile is billed by the data that it delivers, which no listing tells.'
            when not regexp_matches(sku_name, '^(Standard|Premium)_', 'i') then 'No meter is known for the SKU ' || sku_name || '.'
        end as unmetered_because,
    from staging.cdn_profiles
),

servers as (
    select
        resource_id,
        sub_account_id,
        location,
        'storage' as part,
        case
            when resource_type = 'microsoft.dbforpostgresql/flexibleservers'
                then 'Azure Database for PostgreSQL Flex Server Storage'
            else 'Azure Database for MySQL Flexible Server Storage'
        end as product_name,
        'Storage Data Stored' as meter_pattern,
        'GB month' as base_unit,
        storage_gb * case when coalesce(high_availability, 'disabled') in ('disabled', 'notenabled') then 1 else 2 end as units,
        case
            when state is distinct from 'stopped'
                then 'A server that is not stopped is billed for its cores, too, for which no meter is known.'
            when not coalesce(storage_type, 'Premium_LRS') ilike 'premium\_%' escape '\'
                then 'No meter is known for storage of the type ' || storage_type || '.'
            when coalesce(storage_gb, 0) <= 0 then 'The size of its storage is not known.'
        end as unmetered_because,
    from staging.flexible_servers
),

pools as (
    select
        resource_id,
        sub_account_id,
        location,
        'pool' as part,
        'SQL Database Elastic Pool - ' || regexp_extract(sku_name, '^(Basic|Standard|Premium)Pool$', 1, 'i') as product_name,
        'eDTUs?' as meter_pattern,
        sku_capacity || ' DTU Pack' as sku_pattern,
        'day' as base_unit,
        case
            when regexp_matches(sku_name, '^(GP|BC|HS)_', 'i')
                then 'A pool by cores is billed by cores, licence and storage, for which no meter is known.'
            when not regexp_matches(coalesce(sku_name, ''), '^(Basic|Standard|Premium)Pool$', 'i')
                then 'No meter is known for the SKU ' || coalesce(sku_name, 'null') || '.'
            when sku_capacity is null then 'Its size is not known.'
        end as unmetered_because,
    from staging.sql_elastic_pools
),

databases as (
    select
        resource_id,
        sub_account_id,
        location,
        'database' as part,
        'SQL Database Single ' || case
            when service_objective ilike 'basic' then 'Basic'
            when regexp_matches(service_objective, '^S\d+$', 'i') then 'Standard'
            when regexp_matches(service_objective, '^P\d+$', 'i') then 'Premium'
        end as product_name,
        case when service_objective ilike 'basic' then 'B' else service_objective end || ' DTUs?' as meter_pattern,
        'day' as base_unit,
        case
            when is_master then 'It is not billed.'
            when elastic_pool_id is not null then 'Billed with its pool.'
            when regexp_matches(service_objective, '^(GP|BC|HS)_', 'i')
                then 'A database by cores is billed by cores, licence and storage, for which no meter is known.'
            when product_name is null then 'No meter is known for the level ' || coalesce(service_objective, 'null') || '.'
        end as unmetered_because,
    from staging.sql_databases
),

unpriced as (
    select
        resource_id,
        sub_account_id,
        location,
        'policy' as part,
        case
            when resource_type <> 'microsoft.network/frontdoorwebapplicationfirewallpolicies'
                then 'A policy of application gateways or CDN endpoints is not billed by itself.'
            when sku_name ilike 'classic\_%' escape '\' then 'Billed by its rules and rule sets, too, which no listing tells.'
            else 'Its profile''s base fee includes it.'
        end as unmetered_because,
    from staging.waf_policies
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'zone' as part,
        'Priced by how many zones its bill has, beside its queries.' as unmetered_because,
    from staging.dns_zones
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'profile' as part,
        'Billed by the queries that it answers, which no listing tells.' as unmetered_because,
    from staging.traffic_manager_profiles
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'connection' as part,
        case
            when connection_type = 'ipsec' then 'The first ten tunnels of a gateway are in its price; beyond them it is by the hour.'
            else 'A connection of this kind is not billed by itself.'
        end as unmetered_because,
    from staging.network_connections
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'instances' as part,
        'Billed by its instances, disks and addresses.' as unmetered_because,
    from staging.scale_sets
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'backup' as part,
        'Billed by the size of what is backed up and of its copies, which no listing tells.' as unmetered_because,
    from staging.protected_items
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'data' as part,
        'Billed by throughput and data stored, which no listing tells.' as unmetered_because,
    from staging.cosmos_accounts
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'data' as part,
        'Billed by data stored and operations, which no listing tells.' as unmetered_because,
    from staging.storage_accounts
)

select
    resource_id,
    sub_account_id,
    location,
    part,
    product_name,
    meter_pattern,
    sku_pattern,
    base_unit,
    units,
    unmetered_because,
from (
    from front_doors
    union all by name from servers
    union all by name from pools
    union all by name from databases
    union all by name from unpriced
)
