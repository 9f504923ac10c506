-- The next smaller size of SQL databases and pools, and what theirs costs.
-- grain: one row per database or pool of a size that has a smaller one
-- base_of: audits.oversized_sql_databases, audits.oversized_sql_elastic_pools
-- stored: whole
-- source: sizes and most storage of each: Microsoft Learn, resource limits of single databases and elastic pools (DTU and vCore); the price of cores, their licence and of DTU packs is in proportion to their number
-- columns:
--   resource_id: Full ARM id, lower case.
--   size: Size it has, such as S3, GP_Gen5_8 or StandardPool 100.
--   smaller_size: The next smaller one that has at least half, or the next below.
--   units: Cores or DTU that it has.
--   smaller_units: Cores or DTU of the smaller size.
--   storage_limit_bytes: Most that the smaller size can store; null where it is not known.
--   billing_currency: Currency of the amount.
--   bill: Billed cost of its cores, their licence or its DTU in the last 30 complete days; null where no charge tells it.
with steps(size, smaller_size, units, smaller_units, storage_gb) as (
    values
        ('S1', 'S0', 20, 10, 250),
        ('S2', 'S1', 50, 20, 250),
        ('S3', 'S2', 100, 50, 250),
        ('S4', 'S3', 200, 100, 1024),
        ('S6', 'S4', 400, 200, 1024),
        ('S7', 'S6', 800, 400, 1024),
        ('S9', 'S7', 1600, 800, 1024),
        ('S12', 'S9', 3000, 1600, 1024),
        ('P2', 'P1', 250, 125, 1024),
        ('P4', 'P2', 500, 250, 1024),
        ('P6', 'P4', 1000, 500, 1024),
        ('P11', 'P6', 1750, 1000, 1024),
        ('P15', 'P11', 4000, 1750, 4096),
        ('StandardPool 100', 'StandardPool 50', 100, 50, 500),
        ('StandardPool 200', 'StandardPool 100', 200, 100, 750),
        ('StandardPool 300', 'StandardPool 200', 300, 200, 1024),
        ('StandardPool 400', 'StandardPool 200', 400, 200, 1024),
        ('StandardPool 800', 'StandardPool 400', 800, 400, 1536),
        ('StandardPool 1200', 'StandardPool 800', 1200, 800, 2048),
        ('StandardPool 1600', 'StandardPool 800', 1600, 800, 2048),
        ('PremiumPool 250', 'PremiumPool 125', 250, 125, 1024),
        ('PremiumPool 500', 'PremiumPool 250', 500, 250, 1024),
        ('PremiumPool 1000', 'PremiumPool 500', 1000, 500, 1024)
),

items as (
    select
        resource_id,
        service_objective as size,
    from staging.sql_databases
    where service_objective is not null
    union all
    select
        resource_id,
        sku_name || case when sku_name ilike '%pool' then ' ' else '_' end || sku_capacity as size,
    from staging.sql_elastic_pools
),

by_cores as (
    select
        *,
        regexp_extract(size, '^((?:GP|BC)_Gen5)_([0-9]+)$', ['family', 'units'], 'i') as parts,
        try_cast(parts['units'] as int) as units,
        2 * ((units + 3) // 4) as smaller_units,
    from items
),

smaller as (
    select resource_id, size, parts['family'] || '_' || smaller_units as smaller_size, units, smaller_units,
        case
            when smaller_units <= 4 then 1024
            when smaller_units <= 6 then 1536
            when smaller_units <= 10 then 2048
            when smaller_units <= 20 then 3072
            else 4096
        end as storage_gb,
    from by_cores
    where units >= 4
    union all
    select items.resource_id, items.size, steps.smaller_size, steps.units, steps.smaller_units, steps.storage_gb,
    from items
    inner join steps on lower(items.size) = lower(steps.size)
),

bills as (
    select
        costs.resource_id,
        costs.billing_currency,
        sum(costs.billed_cost) as bill,
    from marts.resource_meter_cost_last_30_days as costs
    semi join smaller on costs.resource_id = smaller.resource_id
    where regexp_matches(costs.sku_meter, 'DTU|vCore', 'i')
    group by costs.resource_id, costs.billing_currency
    qualify row_number() over (partition by costs.resource_id order by bill desc, costs.billing_currency) = 1
)

select
    smaller.resource_id,
    smaller.size,
    smaller.smaller_size,
    smaller.units,
    smaller.smaller_units,
    smaller.storage_gb * 1073741824::bigint as storage_limit_bytes,
    bills.billing_currency,
    bills.bill,
from smaller
left join bills using (resource_id)
