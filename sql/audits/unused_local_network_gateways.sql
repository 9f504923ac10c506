-- Local network gateways that no connection refers to describe offices that are not connected.
-- title: Unused local network gateways
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.local_network_gateways
-- fix: Delete it.
-- source: Own rule: no connection names it
with used as (
    select distinct local_gateway_id from staging.network_connections where local_gateway_id is not null
),

unread as (
    select count(*) as listings from meta.chunks where table_name = 'graph_resources' and not is_complete
)

select
    gateways.resource_id,
    'No connection refers to it.' as finding,
    case when unread.listings > 0 then 'Connections could not be listed in every subscription.' end as unknown,
    to_json({'address': gateways.address}) as evidence,
from staging.local_network_gateways as gateways
cross join unread
anti join used on gateways.resource_id = used.local_gateway_id
