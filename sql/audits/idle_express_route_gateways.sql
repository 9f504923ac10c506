-- ExpressRoute gateways with connections over which next to nothing comes in.
-- title: Idle ExpressRoute gateways
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.virtual_network_gateways
-- fix: Ask who runs the circuit whether it is a spare way; delete the connections, then the gateway with its addresses.
-- source: bits received < 1 MB a day over 28 days (own rule: routing alone sends some); gateways without connections are another check, and scalable ones have other metrics
with ends as (
    select gateway1_id as gateway_id from staging.network_connections
    union
    select gateway2_id as gateway_id from staging.network_connections
)

select
    resource_id,
    round(per_day / 1000, 1) || ' kB a day came in over ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'bytes_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name
    }) as evidence,
from marts.judged_by_use(source := 'staging.virtual_network_gateways') as gateways
semi join ends on gateways.resource_id = ends.gateway_id
where
    gateway_type = 'expressroute'
    and lower(sku_name) is distinct from 'ergwscale'
    and (is_undecided or per_day < coalesce(getvariable('idle_bytes_per_day'), 1000000))
