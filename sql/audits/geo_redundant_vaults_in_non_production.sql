-- Backups of development and test are seldom worth a second region.
-- title: Geo-redundant backup vaults that are not of production
-- severity: low
-- category: rate
-- action: change
-- saving: at_stake
-- population: staging.recovery_vaults
-- fix: Redundancy is set before the first item is protected: make a locally redundant vault and move the protection there as old recovery points expire.
-- source: mindaugas rule of storage by environment tag, for vaults (geo-redundant unless set otherwise: Microsoft Learn, Recovery Services vaults); as good as the tags are
select
    resource_id,
    'Copied to a second region, though its tag says that it is not of production.' as finding,
    to_json({'redundancy': redundancy, 'resource_type': resource_type, 'tags': tags}) as evidence,
from staging.recovery_vaults
where
    redundancy = 'georedundant'
    and regexp_matches(lower(coalesce(tags, '')), '"(env|environment|stage)"\s*:\s*"(dev|development|test|tst|qa|sandbox|staging)')
