-- Network interfaces with normalised ids, and what uses each.
-- grain: one row per network interface
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   location: Region, lower case.
--   virtual_machine_id: Machine that uses it, lower case.
--   private_endpoint_id: Private endpoint it belongs to, lower case.
--   private_link_service_id: Private link service it belongs to, lower case.
--   hosted_workloads: JSON of services that use it, lower case; null when none does.
--   workload_type: Kind of service that uses it, where Azure says so.
--   network_security_group_id: Security group on it, lower case.
--   ip_configurations: JSON of its addresses, subnets and pools, lower case.
--   is_used: Whether a machine, an endpoint, a link service or a workload uses it.
--   tags: JSON object of its own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    nullif(regexp_extract(lower(id), '/resourcegroups/([^/]+)', 1), '') as resource_group_name,
    name as resource_name,
    lower(location) as location,
    lower(virtual_machine_id) as virtual_machine_id,
    lower(private_endpoint_id) as private_endpoint_id,
    lower(private_link_service_id) as private_link_service_id,
    lower(hosted_workloads) as hosted_workloads,
    workload_type,
    lower(network_security_group_id) as network_security_group_id,
    lower(ip_configurations) as ip_configurations,
    virtual_machine_id is not null or private_endpoint_id is not null or private_link_service_id is not null
    or hosted_workloads is not null or workload_type is not null as is_used,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.network_interfaces as items
left join meta.last_success as listed on listed.table_name = 'network_interfaces' and listed.scope_id = items._scope_id
