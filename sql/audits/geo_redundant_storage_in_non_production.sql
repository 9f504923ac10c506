-- Storage for development and test is seldom worth a second region.
-- title: Geo-redundant storage that is not of production
-- severity: low
-- category: rate
-- action: change
-- saving: at_stake
-- population: staging.storage_accounts
-- fix: Change the redundancy to locally redundant.
-- source: mindaugas rule by environment tag; as good as the tags are
select
    resource_id,
    'Copied to a second region, though its tag says that it is not of production.' as finding,
    to_json({'sku_name': sku_name, 'kind': kind, 'tags': tags}) as evidence,
from staging.storage_accounts
where
    regexp_matches(lower(sku_name), '_(ra)?gz?rs$')
    and regexp_matches(lower(coalesce(tags, '')), '"(env|environment|stage)"\s*:\s*"(dev|development|test|tst|qa|sandbox|staging)')
