-- The dearest tiers are for what must not fail; development and test seldom need them.
-- title: Premium tiers that are not of production
-- severity: low
-- category: rate
-- action: change
-- saving: at_stake
-- population: staging.capacity_units
-- fix: Ask whether zones, private networks or its size are needed there; where not, move to the next lower tier.
-- source: mindaugas rule by environment tag; as good as the tags are; storage is another check
select
    resource_id,
    'Of tier ' || sku_name || ', though its tag says that it is not of production.' as finding,
    to_json({'sku_name': sku_name, 'sku_tier': sku_tier, 'resource_type': resource_type, 'tags': tags}) as evidence,
from staging.capacity_units
where
    resource_type in (
        'microsoft.apimanagement/service',
        'microsoft.cache/redis',
        'microsoft.containerregistry/registries',
        'microsoft.eventhub/namespaces',
        'microsoft.servicebus/namespaces'
    )
    and regexp_matches(lower(coalesce(sku_name, sku_tier)), '^premium')
    and regexp_matches(lower(coalesce(tags, '')), '"(env|environment|stage)"\s*:\s*"(dev|development|test|tst|qa|sandbox|staging)')
