-- A DDoS protection plan costs some 2,900 US dollars a month whatever it protects.
-- title: Unused DDoS protection plans
-- severity: high
-- category: usage
-- action: delete
-- population: staging.ddos_plans
-- fix: Delete it; one plan serves all subscriptions of a tenant.
-- source: azure-orphan-resources
select
    resource_id,
    'It protects no network and no address.' as finding,
    to_json({'virtual_network_count': virtual_network_count, 'public_ip_count': public_ip_count}) as evidence,
from staging.ddos_plans
where virtual_network_count = 0 and public_ip_count = 0
