-- Network interfaces that nothing uses hold addresses and clutter the inventory.
-- title: Unattached network interfaces
-- severity: low
-- category: governance
-- action: delete
-- saving: free
-- population: staging.network_interfaces
-- fix: Delete it.
-- source: azure-orphan-resources; interfaces of private endpoints, link services and NetApp volumes are in use
select
    resource_id,
    'Nothing uses this interface.' as finding,
    'use' as state_kind,
    to_json({'network_security_group_id': network_security_group_id}) as evidence,
from staging.network_interfaces
where not is_used
