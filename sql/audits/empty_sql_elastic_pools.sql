-- Elastic pools are billed for their size whether or not a database is in them.
-- title: Empty SQL elastic pools
-- severity: high
-- category: usage
-- action: delete
-- population: staging.sql_elastic_pools
-- fix: Delete the pool.
-- source: azure-orphan-resources; the system database master is in no pool
select
    pools.resource_id,
    'No database is in it.' as finding,
    to_json({'sku_name': pools.sku_name, 'sku_tier': pools.sku_tier, 'sku_capacity': pools.sku_capacity}) as evidence,
from staging.sql_elastic_pools as pools
anti join staging.sql_databases as databases on pools.resource_id = databases.elastic_pool_id
