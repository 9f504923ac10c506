-- Private DNS zones without a linked network answer nobody.
-- title: Private DNS zones without links
-- severity: low
-- category: usage
-- action: delete
-- population: staging.dns_zones
-- fix: Delete it, unless a forwarding rule set uses it.
-- source: azure-orphan-resources
select
    resource_id,
    'It is linked to no network.' as finding,
    to_json({'record_set_count': record_set_count}) as evidence,
from staging.dns_zones
where is_private and virtual_network_link_count = 0
