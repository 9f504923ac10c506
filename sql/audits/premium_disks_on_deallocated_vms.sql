-- Premium disks of a deallocated machine could rest on a cheaper tier until it is started.
-- title: Premium disks on deallocated machines
-- severity: low
-- category: rate
-- action: change
-- saving: at_stake
-- population: staging.disks
-- fix: Change the disk to Standard SSD while the machine rests (Azure allows two changes a day).
-- source: Azure: convert managed disks between Standard and Premium
select
    disks.resource_id,
    'Premium, while its machine ' || machines.resource_name || ' is deallocated.' as finding,
    case when disks.max_shares > 1 then 'A shared disk: other machines may hold it.' end as spared,
    machines.power_state_since as since_at,
    'disk_state' as state_kind,
    to_json({'machine': disks.managed_by, 'sku_name': disks.sku_name, 'disk_size_gb': disks.disk_size_gb}) as evidence,
from staging.disks as disks
inner join staging.virtual_machines as machines on disks.managed_by = machines.resource_id
where machines.power_state = 'deallocated' and lower(disks.sku_name) in ('premium_lrs', 'premium_zrs')
