-- Meters that resources are billed by around the clock, as their SKUs tell: what a price is looked up by where no charge tells the cost.
-- Only what a resource pays for being there: data that it processes or stores comes on top.
-- grain: one row per resource of a kind listed here and part of its price
-- base_of: marts.resource_prices
-- source: names of products and meters as Azure's retail price list has them (Azure Retail Prices API); rules that a load balancer includes and states that are not billed: Azure's pricing pages; ten capacity units for each instance of an application gateway: Microsoft Learn, Understanding pricing for Azure Application Gateway
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   location: Region as resources name it, lower case; of Front Door profiles the zone that the list has their fee under.
--   part: What is paid for, such as disk, gateway or included_rules.
--   product_name: Product of the price list; null for machines, and where there is no meter.
--   meter_pattern: Regular expression that all of the meter's name matches, whatever its case; null for machines.
--   sku_pattern: Regular expression that all of the SKU's name in the price list matches; null where the meter's name tells enough.
--   arm_sku_name: Size of a machine as resources name it; null for all else.
--   is_windows: Whether the licence of Windows is in a machine's price.
--   base_unit: What a unit of the price is for: hour, day, month, GiB hour or GB month.
--   units: How many of the meter run at once; of a meter with a free amount, those beyond it.
--   free_units: Units that the meter includes free of charge; null where it has none.
--   unmetered_because: Why no meter of a fixed price is known, in one sentence; null where one is.
with addresses as (
    select
        resource_id,
        sub_account_id,
        location,
        'address' as part,
        'IP Addresses' as product_name,
        case
            when coalesce(sku_name, 'basic') = 'basic' then 'Basic IPv4 Static Public IP'
            when sku_name = 'standard' and sku_tier = 'global' then 'Global IPv4 Static Public IP'
            when sku_name = 'standard' then 'Standard IPv4 Static Public IP'
        end as meter_pattern,
        'hour' as base_unit,
        case
            when lower(ip_version) = 'ipv6' then 'IPv6 addresses are not billed.'
            when public_ip_prefix_id is not null then 'Billed with the prefix that it is taken from.'
            when coalesce(sku_name, 'basic') = 'basic' and allocation_method is distinct from 'static'
                then 'A dynamic Basic address is billed only while it is assigned.'
            when coalesce(sku_name, 'basic') not in ('basic', 'standard') then 'No meter is known for the SKU ' || sku_name || '.'
        end as unmetered_because,
    from staging.public_ips
),

prefixes as (
    select
        resource_id,
        sub_account_id,
        location,
        'addresses' as part,
        'Public IP Prefix' as product_name,
        'Standard Static IP Addresses' as meter_pattern,
        'hour' as base_unit,
        case when prefix_length between 1 and 32 then 1 << (32 - prefix_length) end as units,
        case
            when custom_prefix_id is not null then 'Taken from a range of your own, which is not billed.'
            when prefix_length > 32 then 'IPv6 addresses are not billed.'
            when coalesce(lower(sku_name), 'standard') <> 'standard' or lower(sku_tier) = 'global'
                then 'No meter is known for the SKU ' || concat_ws(' ', sku_name, sku_tier) || '.'
            when units is null then 'Its size is not known.'
        end as unmetered_because,
    from staging.public_ip_prefixes
),

translators as (
    select
        resource_id,
        sub_account_id,
        location,
        'gateway' as part,
        'NAT Gateway' as product_name,
        'Standard Gateway' as meter_pattern,
        'hour' as base_unit,
        case
            when lower(coalesce(sku_name, 'standard')) not in ('standard', 'standardv2')
                then 'No meter is known for the SKU ' || sku_name || '.'
        end as unmetered_because,
    from staging.nat_gateways
),

balancers as (
    select
        resource_id,
        sub_account_id,
        location,
        'included_rules' as part,
        'Load Balancer' as product_name,
        'Standard Included LB Rules and Outbound Rules' as meter_pattern,
        'hour' as base_unit,
        1 as units,
        case
            when coalesce(sku_name, 'basic') = 'basic' then 'A Basic load balancer is not billed.'
            when sku_name <> 'standard' or lower(sku_tier) = 'global'
                then 'No meter is known for the SKU ' || concat_ws(' ', sku_name, sku_tier) || '.'
            when rule_count + outbound_rule_count = 0 then 'Without rules it is not billed by the hour.'
        end as unmetered_because,
    from staging.load_balancers
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'further_rules' as part,
        'Load Balancer' as product_name,
        'Standard Overage LB Rules and Outbound Rules' as meter_pattern,
        'hour' as base_unit,
        rule_count + outbound_rule_count - 5 as units,
        null as unmetered_because,
    from staging.load_balancers
    where sku_name = 'standard' and coalesce(lower(sku_tier), 'regional') = 'regional' and rule_count + outbound_rule_count > 5
),

application_gateways as (
    select
        resource_id,
        sub_account_id,
        location,
        'gateway' as part,
        case lower(sku_name)
            when 'standard_v2' then 'Application Gateway Standard v2'
            when 'waf_v2' then 'Application Gateway WAF v2'
            when 'basic' then 'Application Gateway Basic v2'
        end as product_name,
        '(Standard |Basic )?Fixed Cost' as meter_pattern,
        'hour' as base_unit,
        1 as units,
        case
            when operational_state = 'stopped' then 'A stopped gateway is not billed.'
            when lower(sku_name) in ('standard_v2', 'waf_v2', 'basic') then null
            else 'No meter is known for the SKU ' || coalesce(sku_name, 'null') || '.'
        end as unmetered_because,
    from staging.application_gateways
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'reserved_capacity' as part,
        case lower(sku_name)
            when 'standard_v2' then 'Application Gateway Standard v2'
            else 'Application Gateway WAF v2'
        end as product_name,
        '(Standard )?Capacity Units' as meter_pattern,
        'hour' as base_unit,
        10 * coalesce(minimum_capacity, sku_capacity) as units,
        case when units is null then 'It is not known how many instances it reserves.' end as unmetered_because,
    from staging.application_gateways
    where
        lower(sku_name) in ('standard_v2', 'waf_v2')
        and operational_state is distinct from 'stopped'
        and coalesce(units > 0, true)
),

network_gateways as (
    select
        resource_id,
        sub_account_id,
        location,
        'gateway' as part,
        case
            when gateway_type = 'vpn' and regexp_matches(sku_name, '^(Basic|VpnGw[1-5](AZ)?)$', 'i') then 'VPN Gateway'
            when gateway_type <> 'expressroute' then null
            when regexp_matches(sku_name, '^ErGw[1-3]AZ$', 'i') then 'ExpressRoute Gateway'
            when lower(sku_name) = 'standard' then 'ExpressRoute Standard Gateway'
            when lower(sku_name) = 'highperformance' then 'ExpressRoute High Performance Gateway'
            when lower(sku_name) = 'ultraperformance' then 'ExpressRoute Ultra High Performance Gateway'
        end as product_name,
        case lower(sku_name)
            when 'basic' then 'Basic Gateway'
            when 'standard' then 'Standard Gateway'
            when 'highperformance' then 'High Performance Gateway'
            when 'ultraperformance' then 'Ultra High Performance Gateway'
            else sku_name || '( Gateway)?'
        end as meter_pattern,
        'hour' as base_unit,
        case
            when product_name is null
                then 'No meter is known for the SKU ' || coalesce(sku_name, 'null') || ' of the type '
                    || coalesce(gateway_type, 'null') || '.'
        end as unmetered_because,
    from staging.virtual_network_gateways
),

bastions as (
    select
        resource_id,
        sub_account_id,
        location,
        'gateway' as part,
        'Azure Bastion' as product_name,
        sku_name || ' Gateway' as meter_pattern,
        'hour' as base_unit,
        1 as units,
        case
            when sku_name = 'developer' then 'The Developer SKU is not billed.'
            when sku_name in ('basic', 'standard', 'premium') then null
            else 'No meter is known for the SKU ' || coalesce(sku_name, 'null') || '.'
        end as unmetered_because,
    from staging.bastions
    union all
    select
        resource_id,
        sub_account_id,
        location,
        'further_scale_units' as part,
        'Azure Bastion' as product_name,
        sku_name || ' Additional Gateway' as meter_pattern,
        'hour' as base_unit,
        scale_units - 2 as units,
        null as unmetered_because,
    from staging.bastions
    where sku_name in ('standard', 'premium') and scale_units > 2
),

firewalls as (
    select
        resource_id,
        sub_account_id,
        location,
        'deployment' as part,
        'Azure Firewall' as product_name,
        sku_tier || case when lower(sku_name) = 'azfw_hub' then ' Secured? Virtual Hub' else '' end || ' Deployment' as meter_pattern,
        'hour' as base_unit,
        case
            when not is_allocated then 'A deallocated firewall is not billed.'
            when sku_tier in ('basic', 'standard', 'premium') and lower(sku_name) in ('azfw_vnet', 'azfw_hub') then null
            else 'No meter is known for the SKU ' || coalesce(concat_ws(' ', sku_name, sku_tier), 'null') || '.'
        end as unmetered_because,
    from staging.firewalls
),

protection_plans as (
    select
        resource_id,
        sub_account_id,
        location,
        'plan' as part,
        'Azure DDOS Protection' as product_name,
        'Network Protection Plan' as meter_pattern,
        'hour' as base_unit,
    from staging.ddos_plans
),

endpoints as (
    select
        resource_id,
        sub_account_id,
        location,
        'endpoint' as part,
        'Virtual Network Private Link' as product_name,
        'Standard Private Endpoint' as meter_pattern,
        'hour' as base_unit,
    from staging.private_endpoints
),

app_service_plans as (
    select
        resource_id,
        sub_account_id,
        location,
        'workers' as part,
        'Azure App Service ' || case
            when regexp_matches(sku_name, '^B[1-3]$', 'i') then 'Basic'
            when regexp_matches(sku_name, '^S[1-3]$', 'i') then 'Standard'
            when regexp_matches(sku_name, '^P\d+m?v[2-4]$', 'i') then 'Premium v' || right(sku_name, 1)
        end || ' Plan' || case when is_linux then ' - Linux' else '' end as product_name,
        regexp_replace(sku_name, '(\d)(m?v\d)$', '\1 ?\2', 'i') || '( App)?' as meter_pattern,
        'hour' as base_unit,
        coalesce(sku_capacity, worker_count) as units,
        case
            when lower(sku_tier) in ('free', 'shared', 'dynamic', 'flexconsumption')
                then 'A plan of the tier ' || sku_tier || ' has no price by the hour.'
            when environment_id is not null then 'Billed with its App Service environment.'
            when product_name is null or kind like '%xenon%' or kind like '%windows%'
                then 'No meter is known for the SKU ' || concat_ws(' ', sku_name, kind) || '.'
            when coalesce(units, 0) <= 0 then 'It is not known how many workers it has.'
        end as unmetered_because,
    from staging.app_service_plans
),

machines as (
    select
        resource_id,
        sub_account_id,
        location,
        'machine' as part,
        vm_size as arm_sku_name,
        lower(os_type) = 'windows' and coalesce(license_type, '') not ilike 'windows%' as is_windows,
        'hour' as base_unit,
        case
            when power_state in ('deallocated', 'deallocating') then 'A deallocated machine is not billed.'
            when lower(priority) in ('spot', 'low') then 'The price of a Spot machine changes with demand.'
            when host_id is not null then 'Billed with its dedicated host.'
            when vm_size is null or os_type is null then 'Its size or operating system is not known.'
        end as unmetered_because,
    from staging.virtual_machines
),

unpriced as (
    select
        resource_id,
        sub_account_id,
        location,
        'circuit' as part,
        'Priced by the zone of its peering location, which no listing tells.' as unmetered_because,
    from staging.express_route_circuits
),

everything as (
    from marts.disk_meters
    union all by name from marts.service_meters
    union all by name from addresses
    union all by name from prefixes
    union all by name from translators
    union all by name from balancers
    union all by name from application_gateways
    union all by name from network_gateways
    union all by name from bastions
    union all by name from firewalls
    union all by name from protection_plans
    union all by name from endpoints
    union all by name from app_service_plans
    union all by name from machines
    union all by name from unpriced
)

select
    resource_id,
    sub_account_id,
    location,
    part,
    case when unmetered_because is null then product_name end as product_name,
    case when unmetered_because is null then meter_pattern end as meter_pattern,
    case when unmetered_because is null then sku_pattern end as sku_pattern,
    case when unmetered_because is null then arm_sku_name end as arm_sku_name,
    case when unmetered_because is null then is_windows end as is_windows,
    case when unmetered_because is null then base_unit end as base_unit,
    case when unmetered_because is null then coalesce(units, 1)::bigint end as units,
    case when unmetered_because is null then free_units::bigint end as free_units,
    unmetered_because,
from everything
