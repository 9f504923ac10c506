"""Network resources of one subscription: addresses, gateways and balancers, and what each is tied to."""

from __future__ import annotations

from finops_lake.extract.arrow import count, only, whole
from finops_lake.extract.inventory import IDS, inventory
from finops_lake.extract.listing import PROVISIONING_STATE, ZONES, Column

SKU = Column("sku_name", "sku.name", "SKU, such as Standard.")
TIER = Column("sku_tier", "sku.tier", "Tier, such as Regional.")
SUBNETS = Column("subnets", "properties.subnets", "JSON list of the subnets that use it.", IDS)

FRONTENDS = Column(
    "frontends",
    "properties.frontendIPConfigurations",
    "JSON of its front ends and their addresses.",
    only("id", "properties", "publicIPAddress", "publicIPPrefix", "subnet"),
)

PUBLIC_IP_PREFIXES = inventory(
    "public_ip_prefixes",
    "Public IP prefixes.",
    (
        SKU,
        TIER,
        Column("prefix_length", "properties.prefixLength", "Length, such as 30.", whole),
        Column("ip_prefix", "properties.ipPrefix", "The addresses."),
        Column("public_ip_ids", "properties.publicIPAddresses", "JSON list of addresses taken from it.", IDS),
        Column("nat_gateway_id", "properties.natGateway.id", "NAT gateway that uses it."),
        Column("frontend_id", "properties.loadBalancerFrontendIpConfiguration.id", "Front end that uses it whole."),
        Column("custom_prefix_id", "properties.customIPPrefix.id", "Own range it was taken from."),
        PROVISIONING_STATE,
        ZONES,
    ),
)

NETWORK_INTERFACES = inventory(
    "network_interfaces",
    "Network interfaces and what uses each.",
    (
        Column("virtual_machine_id", "properties.virtualMachine.id", "Machine that uses it."),
        Column("private_endpoint_id", "properties.privateEndpoint.id", "Private endpoint it belongs to."),
        Column("private_link_service_id", "properties.privateLinkService.id", "Private link service it belongs to."),
        Column(
            "hosted_workloads",
            "properties.hostedWorkloads",
            "JSON of services that use it (NetApp, ...).",
            only("id"),
        ),
        Column("workload_type", "properties.workloadType", "Kind of service that uses it, where Azure says so."),
        Column("nic_type", "properties.nicType", "Standard or Elastic."),
        Column("network_security_group_id", "properties.networkSecurityGroup.id", "Security group on it."),
        Column(
            "ip_configurations",
            "properties.ipConfigurations",
            "JSON of its addresses, subnets and pools.",
            only(
                "id",
                "properties",
                "publicIPAddress",
                "subnet",
                "loadBalancerBackendAddressPools",
                "applicationGatewayBackendAddressPools",
            ),
        ),
        PROVISIONING_STATE,
    ),
)

NAT_GATEWAYS = inventory(
    "nat_gateways",
    "NAT gateways.",
    (
        SKU,
        SUBNETS,
        Column("virtual_network_id", "properties.sourceVirtualNetwork.id", "Whole network it serves."),
        Column("public_ip_ids", "properties.publicIpAddresses", "JSON list of its addresses.", IDS),
        Column("public_ip_prefix_ids", "properties.publicIpPrefixes", "JSON list of its prefixes.", IDS),
        PROVISIONING_STATE,
        ZONES,
    ),
)

LOAD_BALANCERS = inventory(
    "load_balancers",
    "Load balancers with their pools and rules.",
    (
        SKU,
        TIER,
        FRONTENDS,
        Column(
            "backend_pools",
            "properties.backendAddressPools",
            "JSON of its pools and what is in them.",
            only(
                "id",
                "properties",
                "backendIPConfigurations",
                "loadBalancerBackendAddresses",
                "ipAddress",
                "networkInterfaceIPConfiguration",
            ),
        ),
        Column(
            "load_balancing_rules",
            "properties.loadBalancingRules",
            "JSON of its rules and the pool of each.",
            only("id", "properties", "backendAddressPool", "backendAddressPools"),
        ),
        Column("outbound_rules", "properties.outboundRules", "JSON list of its outbound rules.", IDS),
        Column("inbound_nat_rules", "properties.inboundNatRules", "JSON list of its inbound NAT rules.", IDS),
        Column("inbound_nat_pools", "properties.inboundNatPools", "JSON list of its inbound NAT pools.", IDS),
        PROVISIONING_STATE,
    ),
)

APPLICATION_GATEWAYS = inventory(
    "application_gateways",
    "Application gateways with their pools and rules.",
    (
        Column("sku_name", "properties.sku.name", "SKU, such as WAF_v2."),
        Column("sku_tier", "properties.sku.tier", "Standard, WAF, Standard_v2, WAF_v2 or Basic."),
        Column("sku_capacity", "properties.sku.capacity", "Instances; null where it scales by itself.", whole),
        Column("minimum_capacity", "properties.autoscaleConfiguration.minCapacity", "Least capacity units.", whole),
        Column("maximum_capacity", "properties.autoscaleConfiguration.maxCapacity", "Most capacity units.", whole),
        Column("operational_state", "properties.operationalState", "Running or Stopped (a stopped one is free)."),
        Column(
            "backend_pools",
            "properties.backendAddressPools",
            "JSON of its pools and the targets in them.",
            only("id", "properties", "backendAddresses", "backendIPConfigurations", "fqdn", "ipAddress"),
        ),
        Column(
            "routing_rules",
            "properties.requestRoutingRules",
            "JSON of its rules: pool, path map or redirection of each.",
            only("id", "properties", "ruleType", "backendAddressPool", "urlPathMap", "redirectConfiguration"),
        ),
        Column(
            "url_path_maps",
            "properties.urlPathMaps",
            "JSON of its path maps: pools and redirections.",
            only(
                "id",
                "properties",
                "defaultBackendAddressPool",
                "defaultRedirectConfiguration",
                "pathRules",
                "backendAddressPool",
                "redirectConfiguration",
            ),
        ),
        Column("firewall_policy_id", "properties.firewallPolicy.id", "Web application firewall policy on it."),
        FRONTENDS,
        PROVISIONING_STATE,
        ZONES,
    ),
)

EXPRESS_ROUTE_CIRCUITS = inventory(
    "express_route_circuits",
    "ExpressRoute circuits; service and authorization keys are not kept.",
    (
        SKU,
        Column("sku_tier", "sku.tier", "Local, Standard or Premium."),
        Column("sku_family", "sku.family", "MeteredData or UnlimitedData."),
        Column("circuit_state", "properties.circuitProvisioningState", "Azure's side: Enabled or Disabled."),
        Column(
            "provider_state",
            "properties.serviceProviderProvisioningState",
            "The provider's side: NotProvisioned, Provisioning, Provisioned or Deprovisioning.",
        ),
        Column(
            "provider_name", "properties.serviceProviderProperties.serviceProviderName", "Provider; null on a port."
        ),
        Column("bandwidth_mbps", "properties.serviceProviderProperties.bandwidthInMbps", "Bandwidth.", whole),
        Column("port_id", "properties.expressRoutePort.id", "ExpressRoute Direct port it runs on."),
        Column(
            "peerings",
            "properties.peerings",
            "JSON of its peerings, their state and connections.",
            only(
                "id",
                "properties",
                "peeringType",
                "state",
                "connections",
                "peeredConnections",
                "expressRouteConnection",
            ),
        ),
        Column("authorization_count", "properties.authorizations", "Keys given out for other subscriptions.", count),
        PROVISIONING_STATE,
    ),
)

FIREWALLS = inventory(
    "firewalls",
    "Azure Firewalls.",
    (
        Column("sku_name", "properties.sku.name", "AZFW_VNet or AZFW_Hub."),
        Column("sku_tier", "properties.sku.tier", "Basic, Standard or Premium."),
        Column("firewall_policy_id", "properties.firewallPolicy.id", "Policy that holds its rules."),
        Column("virtual_hub_id", "properties.virtualHub.id", "Virtual hub it lies in."),
        Column(
            "ip_configurations",
            "properties.ipConfigurations",
            "JSON of its addresses and subnets; null when it is deallocated.",
            only("id", "properties", "publicIPAddress", "subnet"),
        ),
        Column("network_rule_count", "properties.networkRuleCollections", "Classic network rule collections.", count),
        Column(
            "application_rule_count",
            "properties.applicationRuleCollections",
            "Classic application rule collections.",
            count,
        ),
        Column("nat_rule_count", "properties.natRuleCollections", "Classic NAT rule collections.", count),
        PROVISIONING_STATE,
        ZONES,
    ),
)

BASTIONS = inventory(
    "bastions",
    "Bastion hosts.",
    (
        Column("sku_name", "sku.name", "Developer, Basic, Standard or Premium."),
        Column("scale_units", "properties.scaleUnits", "Instances.", whole),
        Column(
            "ip_configurations",
            "properties.ipConfigurations",
            "JSON of its address and subnet.",
            only("id", "properties", "publicIPAddress", "subnet"),
        ),
        Column("virtual_network_id", "properties.virtualNetwork.id", "Network it serves (Developer SKU)."),
        PROVISIONING_STATE,
        ZONES,
    ),
)

CONNECTIONS = only(
    "id", "properties", "privateLinkServiceId", "groupIds", "privateLinkServiceConnectionState", "status", "description"
)

PRIVATE_ENDPOINTS = inventory(
    "private_endpoints",
    "Private endpoints and what they lead to.",
    (
        Column("connections", "properties.privateLinkServiceConnections", "JSON of approved connections.", CONNECTIONS),
        Column(
            "manual_connections",
            "properties.manualPrivateLinkServiceConnections",
            "JSON of connections that need the owner's approval.",
            CONNECTIONS,
        ),
        Column("subnet_id", "properties.subnet.id", "Subnet it lies in."),
        Column("network_interface_ids", "properties.networkInterfaces", "JSON list of its interfaces.", IDS),
        PROVISIONING_STATE,
    ),
)

DDOS_PLANS = inventory(
    "ddos_plans",
    "DDoS protection plans; one serves a whole tenant.",
    (
        Column("virtual_network_ids", "properties.virtualNetworks", "JSON list of the networks it protects.", IDS),
        Column("public_ip_ids", "properties.publicIPAddresses", "JSON list of the addresses it protects.", IDS),
        PROVISIONING_STATE,
    ),
)

VIRTUAL_NETWORKS = inventory(
    "virtual_networks",
    "Virtual networks with their subnets.",
    (
        Column("address_prefixes", "properties.addressSpace", "JSON of its address ranges.", only("addressPrefixes")),
        Column(
            "subnets",
            "properties.subnets",
            "JSON of its subnets and what is in each.",
            only(
                "id",
                "name",
                "properties",
                "addressPrefix",
                "addressPrefixes",
                "ipConfigurations",
                "delegations",
                "serviceName",
                "serviceAssociationLinks",
                "applicationGatewayIPConfigurations",
                "privateEndpoints",
                "natGateway",
                "networkSecurityGroup",
                "routeTable",
            ),
        ),
        Column(
            "peerings",
            "properties.virtualNetworkPeerings",
            "JSON of its peerings.",
            only("id", "properties", "peeringState", "remoteVirtualNetwork"),
        ),
        Column("ddos_plan_id", "properties.ddosProtectionPlan.id", "DDoS plan that protects it."),
        PROVISIONING_STATE,
    ),
)

NETWORK_SECURITY_GROUPS = inventory(
    "network_security_groups",
    "Network security groups.",
    (
        Column("network_interface_ids", "properties.networkInterfaces", "JSON list of interfaces it is on.", IDS),
        SUBNETS,
        Column("rule_count", "properties.securityRules", "Own rules.", count),
        PROVISIONING_STATE,
    ),
)

ROUTE_TABLES = inventory(
    "route_tables",
    "Route tables.",
    (
        SUBNETS,
        Column("route_count", "properties.routes", "Routes.", count),
        PROVISIONING_STATE,
    ),
)

EXTRACTORS = (
    PUBLIC_IP_PREFIXES,
    NETWORK_INTERFACES,
    NAT_GATEWAYS,
    LOAD_BALANCERS,
    APPLICATION_GATEWAYS,
    EXPRESS_ROUTE_CIRCUITS,
    FIREWALLS,
    BASTIONS,
    PRIVATE_ENDPOINTS,
    DDOS_PLANS,
    VIRTUAL_NETWORKS,
    NETWORK_SECURITY_GROUPS,
    ROUTE_TABLES,
)
