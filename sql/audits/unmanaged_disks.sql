-- Machines whose system disk is a blob in a storage account are to be migrated: unmanaged disks are being retired.
-- title: Machines with unmanaged disks
-- severity: medium
-- category: reliability
-- action: review
-- saving: free
-- population: staging.virtual_machines
-- fix: Migrate the machine to managed disks.
-- source: FinOps toolkit; Azure: unmanaged disks retirement
select
    resource_id,
    'Its system disk is an unmanaged blob.' as finding,
    to_json({'vm_size': vm_size, 'os_type': os_type}) as evidence,
from staging.virtual_machines
where is_disk_unmanaged and not coalesce(is_disk_ephemeral, false)
