-- Storage accounts of the first kinds have no access tiers and are being retired.
-- title: Storage accounts of legacy kinds
-- severity: low
-- category: reliability
-- action: review
-- saving: free
-- population: staging.storage_accounts
-- fix: Upgrade it to general purpose v2, and look at the access tier first.
-- source: FinOps toolkit; a saving is not certain
select
    resource_id,
    'Of the kind ' || kind || '.' as finding,
    to_json({'kind': kind, 'sku_name': sku_name, 'access_tier': access_tier}) as evidence,
from staging.storage_accounts
where kind in ('storage', 'blobstorage')
