-- Public IP prefixes are billed for every address in them, used or not.
-- title: Public IP prefixes without addresses
-- severity: low
-- category: usage
-- action: delete
-- population: staging.public_ip_prefixes
-- fix: Delete it, unless partners have its range on their allow-lists.
-- source: azure-orphan-resources
select
    resource_id,
    'No address was taken from it, and nothing uses it whole.' as finding,
    case when custom_prefix_id is not null then 'Taken from a range of your own, which is not billed.' end as spared,
    to_json({'sku_name': sku_name, 'prefix_length': prefix_length, 'custom_prefix_id': custom_prefix_id}) as evidence,
from staging.public_ip_prefixes
where public_ip_count = 0 and nat_gateway_id is null and frontend_id is null
