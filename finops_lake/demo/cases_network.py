"""Gateways, balancers and addresses that nothing uses, and those that only look so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_lake.demo.cases import Case, Site
from finops_lake.demo.catalogue import Meter

STANDARD = {"name": "Standard", "tier": "Regional"}


def plant(site: Site) -> Iterator[Case]:
    """Plant the network and yield its cases."""
    _network(site)
    for step in (_translation, _balancers, _application_gateways, _circuits, _firewalls, _endpoints, _interfaces):
        yield from step(site)


def hourly(service: str, subcategory: str, name: str, price: str) -> Meter:
    """Return a meter that is billed for each hour."""
    return Meter(service, service, subcategory, name, price, 24, 0)


def _network(site: Site) -> None:
    """Add the network that the others lie in, with the subnets that stay empty on purpose."""
    network = site.network("virtualNetworks/vnet-legacy")
    names = ("default", "GatewaySubnet", "AzureFirewallSubnet", "AzureBastionSubnet", "snet-apps", "snet-spare")
    subnets = [_subnet(network, name, number) for number, name in enumerate(names)]
    subnets[0]["properties"] |= {
        "ipConfigurations": [{"id": site.network("networkInterfaces/vm-legacy-app01-nic/ipConfigurations/ipconfig1")}],
        "natGateway": {"id": site.network("natGateways/ng-legacy")},
    }
    subnets[4]["properties"]["delegations"] = [
        {"name": "web", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
    ]
    space = {"addressPrefixes": ["10.20.0.0/16"]}
    properties = {"addressSpace": space, "subnets": subnets, "virtualNetworkPeerings": []}
    builder = site.builder
    builder.listed(site.homes[0], "Microsoft.Network/virtualNetworks", "vnet-legacy", properties)
    empty = {"addressSpace": {"addressPrefixes": ["10.99.0.0/24"]}, "subnets": []}
    builder.listed(site.homes[1], "Microsoft.Network/virtualNetworks", "vnet-abandoned", empty)
    rule = [{"name": "https", "properties": {"access": "Allow"}}]
    used = {"securityRules": rule, "subnets": [{"id": f"{network}/subnets/default"}]}
    builder.listed(site.homes[0], "Microsoft.Network/networkSecurityGroups", "nsg-legacy", used)
    builder.listed(site.homes[1], "Microsoft.Network/networkSecurityGroups", "nsg-unused", {"securityRules": rule})
    builder.listed(site.homes[1], "Microsoft.Network/routeTables", "rt-unused", {"routes": []})


def _subnet(network: str, name: str, number: int) -> dict[str, Any]:
    properties: dict[str, Any] = {"addressPrefix": f"10.20.{number}.0/24", "delegations": []}
    return {"id": f"{network}/subnets/{name}", "name": name, "etag": 'W/"1"', "properties": properties}


def _translation(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/natGateways"
    meter = hourly("NAT Gateway", "NAT Gateway", "Standard Gateway", "0.045")
    used = {
        "subnets": [{"id": site.network("virtualNetworks/vnet-legacy/subnets/default")}],
        "publicIpAddresses": [{"id": site.network("publicIPAddresses/pip-ng-legacy")}],
    }
    gateway = builder.listed(site.homes[0], kind, "ng-legacy", used, sku={"name": "Standard"}, meter=meter)
    yield Case("nat_gateways", gateway, "ok", "It serves a subnet.")
    idle = builder.listed(site.homes[1], kind, "NG-Batch-Old", {"subnets": []}, sku={"name": "Standard"}, meter=meter)
    yield Case("nat_gateways", idle, "waste", "Its list of subnets is empty.")
    bare = builder.listed(site.homes[2], kind, "ng-sandbox", {}, sku={"name": "Standard"}, meter=meter)
    yield Case("nat_gateways", bare, "waste", "It has no list of subnets at all.")
    kind = "Microsoft.Network/publicIPPrefixes"
    price = hourly("Virtual Network", "IP Addresses", "Standard Static IP Prefix", "0.024")
    member = {"prefixLength": 30, "publicIPAddresses": [{"id": site.network("publicIPAddresses/pip-from-prefix")}]}
    prefix = builder.listed(site.homes[0], kind, "ippre-legacy", member, sku=STANDARD, meter=price)
    yield Case("public_ip_prefixes", prefix, "ok", "An address was taken from it.")
    spare = builder.listed(site.homes[1], kind, "ippre-spare", {"prefixLength": 30}, sku=STANDARD, meter=price)
    yield Case("public_ip_prefixes", spare, "waste", "No address was taken from it.")


def _balancers(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/loadBalancers"
    meter = hourly("Load Balancer", "Load Balancer", "Standard Included LB Rules and Outbound Rules", "0.025")
    rules = [{"id": "rule1", "properties": {"protocol": "Tcp", "frontendPort": 443}}]
    member = {"id": site.network("networkInterfaces/vm-legacy-app01-nic/ipConfigurations/ipconfig1")}
    used = {"backendAddressPools": [{"id": "pool", "properties": {"backendIPConfigurations": [member]}}]}
    cases: tuple[tuple[Any, str, dict[str, Any], dict[str, Any], Any, str], ...] = (
        (site.homes[0], "lb-legacy", {**used, "loadBalancingRules": rules}, STANDARD, "ok", "A machine is behind it."),
        (
            site.homes[1],
            "lb-batch-empty",
            {"backendAddressPools": [{"id": "pool", "properties": {}}], "loadBalancingRules": rules},
            STANDARD,
            "waste",
            "Its only pool is empty.",
        ),
        (
            site.homes[0],
            "lb-nat-only",
            {"backendAddressPools": [], "inboundNatRules": [{"id": "ssh", "properties": {"frontendPort": 22}}]},
            STANDARD,
            "ok",
            "It has NAT rules and no pools.",
        ),
        (
            site.homes[0],
            "lb-outbound-only",
            {**used, "outboundRules": [{"id": "out"}]},
            STANDARD,
            "ok",
            "It gives its pool a way out.",
        ),
        (
            site.homes[2],
            "lb-sandbox-basic",
            {"backendAddressPools": []},
            {"name": "Basic", "tier": "Regional"},
            "not_applicable",
            "A Basic balancer is free.",
        ),
        (
            site.nodes,
            "kubernetes",
            {"backendAddressPools": [], "loadBalancingRules": rules},
            STANDARD,
            "not_applicable",
            "A cluster manages it.",
        ),
        (
            site.homes[1],
            "lb-batch-bare",
            {"backendAddressPools": []},
            STANDARD,
            "not_applicable",
            "Without rules a Standard balancer costs nothing.",
        ),
    )
    for group, name, properties, sku, verdict, reason in cases:
        billed = meter if sku is STANDARD and "loadBalancingRules" in properties else None
        balancer = builder.listed(group, kind, name, properties, sku=sku, meter=billed)
        yield Case("load_balancers", balancer, verdict, reason)


def _application_gateways(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/applicationGateways"
    meter = hourly("Application Gateway", "Application Gateway Standard v2", "Standard Fixed Cost", "0.246")
    sku = {"name": "Standard_v2", "tier": "Standard_v2"}
    scale = {"minCapacity": 1, "maxCapacity": 4}
    basic = {"ruleType": "Basic", "backendAddressPool": {"id": "pool"}}
    redirect = {"ruleType": "Basic", "redirectConfiguration": {"id": "to-www"}}
    target = [{"id": "pool", "properties": {"backendAddresses": [{"fqdn": "shop.example"}]}}]
    nothing: list[Any] = [{"id": "pool", "properties": {"backendAddresses": []}}]
    cases: tuple[tuple[str, list[Any], dict[str, Any], str, Any, str], ...] = (
        ("agw-shop", target, basic, "Running", "ok", "Its pool has a target."),
        ("agw-legacy-empty", nothing, basic, "Running", "waste", "Its pool has no target."),
        ("agw-redirect-only", [], redirect, "Running", "ok", "It only redirects."),
        ("agw-stopped", nothing, basic, "Stopped", "not_applicable", "A stopped gateway is free."),
    )
    for name, pools, rule, state, verdict, reason in cases:
        properties = {
            "sku": sku,
            "autoscaleConfiguration": scale,
            "operationalState": state,
            "backendAddressPools": pools,
            "requestRoutingRules": [{"id": "rule", "properties": rule}],
        }
        gateway = builder.listed(
            site.homes[0], kind, name, properties, meter=meter if state == "Running" else None, zones=("1", "2")
        )
        yield Case("application_gateways", gateway, verdict, reason)
    first = {
        "sku": {"name": "WAF_Medium", "tier": "WAF", "capacity": 2},
        "operationalState": "Running",
        "backendAddressPools": target,
        "requestRoutingRules": [{"id": "rule", "properties": basic}],
    }
    old = builder.listed(site.homes[1], kind, "AGW-Batch-V1", first, meter=meter)
    yield Case("application_gateways", old, "ok", "It is of the first generation, and in use.")


def _circuits(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/expressRouteCircuits"
    meter = Meter("ExpressRoute", "ExpressRoute", "Metered Data", "Standard 50 Mbps Circuit", "1.83", 1, 0)
    sku = {"name": "Standard_MeteredData", "tier": "Standard", "family": "MeteredData"}
    provider = {"serviceProviderName": "Contoso Telecom", "peeringLocation": "Amsterdam", "bandwidthInMbps": 50}
    peering = {"name": "AzurePrivatePeering", "properties": {"state": "Enabled", "connections": [{"id": "c"}]}}
    cases: tuple[tuple[str, str, list[Any], list[Any], Any, str], ...] = (
        ("erc-main", "Provisioned", [peering], [], "ok", "Provisioned, with a connection."),
        ("erc-never-used", "NotProvisioned", [], [], "waste", "Billed since its creation, never provisioned."),
        ("erc-shared", "Provisioned", [], [{"name": "other"}], "undetermined", "A key for another subscription."),
    )
    for name, state, peerings, authorizations, verdict, reason in cases:
        properties = {
            "serviceProviderProvisioningState": state,
            "circuitProvisioningState": "Enabled",
            "serviceProviderProperties": provider,
            "peerings": peerings,
            "authorizations": authorizations,
            "serviceKey": "not-to-be-kept",
        }
        circuit = builder.listed(site.homes[0], kind, name, properties, sku=sku, meter=meter)
        yield Case("express_route_circuits", circuit, verdict, reason)


def _firewalls(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/azureFirewalls"
    meter = hourly("Azure Firewall", "Azure Firewall", "Premium Deployment", "1.75")
    policy = site.network("firewallPolicies/afwp-plain")
    address = [{"id": "ip", "properties": {"publicIPAddress": {"id": site.network("publicIPAddresses/pip-fw")}}}]
    premium = {"name": "AZFW_VNet", "tier": "Premium"}
    plain = {"sku": premium, "ipConfigurations": address, "firewallPolicy": {"id": policy}}
    busy = builder.listed(site.homes[0], kind, "afw-hub", plain, meter=meter)
    yield Case("firewalls", busy, "ok", "Premium, though its policy inspects nothing.")
    ruleless = {"sku": premium, "ipConfigurations": address, "networkRuleCollections": []}
    idle = builder.listed(site.homes[1], kind, "afw-batch", ruleless, meter=meter)
    yield Case("firewalls", idle, "waste", "It has neither rules nor a policy.")
    stopped = builder.listed(site.homes[2], kind, "afw-sandbox", {"sku": premium, "ipConfigurations": []})
    yield Case("firewalls", stopped, "not_applicable", "Deallocated.")
    groups = {"ruleCollectionGroups": [{"id": "g"}], "sku": {"tier": "Premium"}, "firewalls": [{"id": busy.plain_id}]}
    builder.listed(site.homes[0], "Microsoft.Network/firewallPolicies", "afwp-plain", groups)
    bastion = {"scaleUnits": 2, "ipConfigurations": [{"id": "ip", "properties": {}}]}
    hour = hourly("Azure Bastion", "Azure Bastion", "Standard Gateway", "0.29")
    host = builder.listed(
        site.homes[0], "Microsoft.Network/bastionHosts", "bas-hub", bastion, sku={"name": "Standard"}, meter=hour
    )
    yield Case("bastions", host, "undetermined", "Its sessions are a metric.")
    month = Meter("Azure DDOS Protection", "Azure DDOS Protection", "", "Monthly Plan", "2944", 33_336, 6)
    plan = builder.listed(site.homes[0], "Microsoft.Network/ddosProtectionPlans", "ddos-old", {}, meter=month)
    yield Case("ddos_plans", plan, "waste", "It protects no network.")


def _endpoints(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/privateEndpoints"
    meter = hourly("Virtual Network", "Virtual Network Private Link", "Standard Private Endpoint", "0.01")
    ours = site.homes[1].resource_id + "/providers/Microsoft.Storage/storageAccounts/stcontosoexports"
    foreign = (
        "/subscriptions/aaaaaaaa-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.Sql/servers/theirs"
    )
    cases: tuple[tuple[str, str, str, str, Any, str], ...] = (
        ("pe-storage", "Approved", ours, "privateLinkServiceConnections", "ok", "Approved."),
        ("pe-dead", "Disconnected", ours, "privateLinkServiceConnections", "waste", "Disconnected."),
        ("pe-dead-manual", "Disconnected", ours, "manualPrivateLinkServiceConnections", "waste", "In the other list."),
        ("pe-waiting", "Pending", ours, "manualPrivateLinkServiceConnections", "not_applicable", "Not approved yet."),
        ("pe-partner", "Approved", foreign, "manualPrivateLinkServiceConnections", "ok", "Its target is a partner's."),
    )
    for name, status, target, place, verdict, reason in cases:
        state = {"status": status, "description": "", "actionsRequired": "None"}
        connection = {
            "name": name,
            "properties": {
                "privateLinkServiceId": target,
                "groupIds": ["blob"],
                "privateLinkServiceConnectionState": state,
            },
        }
        properties = {
            "privateLinkServiceConnections": [],
            "manualPrivateLinkServiceConnections": [],
            "subnet": {"id": site.network("virtualNetworks/vnet-legacy/subnets/default")},
            place: [connection],
        }
        endpoint = builder.listed(site.homes[0], kind, name, properties, meter=meter)
        yield Case("private_endpoints", endpoint, verdict, reason)


def _interfaces(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/networkInterfaces"
    machine = f"{site.homes[0].resource_id}/providers/Microsoft.Compute/virtualMachines/vm-legacy-app01"
    volume = f"{site.homes[0].resource_id}/providers/Microsoft.NetApp/netAppAccounts/na/capacityPools/p/volumes/v"
    cases: tuple[tuple[str, dict[str, Any], Any, str], ...] = (
        ("vm-legacy-app01-nic", {"virtualMachine": {"id": machine}}, "ok", "On a machine."),
        ("nic-orphan", {"hostedWorkloads": []}, "waste", "On nothing."),
        ("anf-vnet-legacy", {"hostedWorkloads": [{"id": volume}]}, "ok", "NetApp uses it."),
        ("pe-storage-nic", {"privateEndpoint": {"id": site.network("privateEndpoints/pe-storage")}}, "ok", "Endpoint."),
    )
    for name, properties, verdict, reason in cases:
        interface = builder.listed(site.homes[0], kind, name, {**properties, "ipConfigurations": []})
        yield Case("network_interfaces", interface, verdict, reason)
