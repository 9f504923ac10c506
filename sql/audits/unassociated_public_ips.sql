-- Public IP addresses that nothing uses are billed by the hour.
-- title: Unassociated public IP addresses
-- severity: medium
-- category: usage
-- action: delete
-- population: staging.public_ips
-- fix: Delete the address, unless it is reserved on purpose (allow-lists, DNS).
-- source: azure-orphan-resources and FinOps toolkit rules; guards from their issue threads (NAT gateways, prefixes, migrations)
select
    resource_id,
    'Nothing uses this address.' as finding,
    case
        when public_ip_prefix_id is not null then 'Taken from a prefix, which is billed as a whole.'
        when linked_public_ip_id is not null or service_public_ip_id is not null
            then 'Part of a migration between two addresses.'
        when allocation_method = 'dynamic' and coalesce(sku_name, 'basic') = 'basic'
            then 'A dynamic Basic address that is not in use has no charge.'
    end as spared,
    'use' as state_kind,
    to_json({
        'sku_name': sku_name,
        'allocation_method': allocation_method,
        'ip_address': ip_address,
        'dns_label': dns_label
    }) as evidence,
from staging.public_ips
where ip_configuration_id is null and nat_gateway_id is null
