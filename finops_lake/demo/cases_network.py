"""Gateways, balancers and addresses that nothing uses, and those that only look so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_lake.demo.cases import Case, Site
from finops_lake.demo.catalogue import Meter

STANDARD = {"name": "Standard", "tier": "Regional"}


def plant(site: Site) -> Iterator[Case]:
    """Plant the network and yield its cases."""
    for step in (
        _networks,
        _guards,
        _translation,
        _balancers,
        _application_gateways,
        _circuits,
        _firewalls,
        _endpoints,
        _interfaces,
    ):
        yield from step(site)


def hourly(service: str, subcategory: str, name: str, price: str, units: int = 1) -> Meter:
    """Return a meter that is billed for each hour, and for each of `units`."""
    return Meter(service, service, subcategory, name, price, 24 * units, 0)


def _networks(site: Site) -> Iterator[Case]:
    """Add the network that the others lie in, with the subnets that stay empty on purpose, and one without any."""
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
    kind = "Microsoft.Network/virtualNetworks"
    used = site.builder.listed(site.homes[0], kind, "vnet-legacy", properties)
    yield Case("empty_virtual_networks", used, "ok", "It has subnets.")
    empty = {"addressSpace": {"addressPrefixes": ["10.99.0.0/24"]}, "subnets": []}
    abandoned = site.builder.listed(site.homes[1], kind, "vnet-abandoned", empty)
    yield Case("empty_virtual_networks", abandoned, "waste", "It has no subnet.")


def _guards(site: Site) -> Iterator[Case]:
    """Add security groups and route tables."""
    builder, subnets = site.builder, [{"id": site.network("virtualNetworks/vnet-legacy/subnets/default")}]
    rule = [{"name": "https", "properties": {"access": "Allow"}}]
    interface = [{"id": site.network("networkInterfaces/vm-legacy-app01-nic")}]
    nothing: list[Any] = []
    cases: tuple[tuple[int, str, str, dict[str, Any], Any], ...] = (
        (0, "networkSecurityGroups", "nsg-legacy", {"securityRules": rule, "subnets": subnets}, "ok"),
        (0, "networkSecurityGroups", "nsg-app01", {"securityRules": nothing, "networkInterfaces": interface}, "ok"),
        (1, "networkSecurityGroups", "nsg-unused", {"securityRules": rule, "subnets": nothing}, "waste"),
        (0, "routeTables", "rt-legacy", {"routes": nothing, "subnets": subnets}, "ok"),
        (1, "routeTables", "rt-unused", {"routes": nothing}, "waste"),
    )
    checks = {"networkSecurityGroups": "unused_network_security_groups", "routeTables": "unused_route_tables"}
    for home, kind, name, properties, verdict in cases:
        found = builder.listed(site.homes[home], f"Microsoft.Network/{kind}", name, properties)
        yield Case(checks[kind], found, verdict, "On a subnet or interface." if verdict == "ok" else "On nothing.")


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
    yield Case("unused_nat_gateways", gateway, "ok", "It serves a subnet.")
    idle = builder.listed(site.homes[1], kind, "NG-Batch-Old", {"subnets": []}, sku={"name": "Standard"}, meter=meter)
    yield Case("unused_nat_gateways", idle, "waste", "Its list of subnets is empty.")
    bare = builder.listed(site.homes[2], kind, "ng-sandbox", {}, sku={"name": "Standard"}, meter=meter)
    yield Case("unused_nat_gateways", bare, "waste", "It has no list of subnets at all.")
    kind = "Microsoft.Network/publicIPPrefixes"
    price = hourly("Virtual Network", "Public IP Prefix", "Standard Static IP Addresses", "0.006", 4)
    member = {"prefixLength": 30, "publicIPAddresses": [{"id": site.network("publicIPAddresses/pip-from-prefix")}]}
    prefix = builder.listed(site.homes[0], kind, "ippre-legacy", member, sku=STANDARD, meter=price)
    yield Case("unused_public_ip_prefixes", prefix, "ok", "An address was taken from it.")
    for home, name in ((0, "ippre-partners"), (1, "ippre-spare")):
        spare = builder.listed(site.homes[home], kind, name, {"prefixLength": 30}, sku=STANDARD, meter=price)
        yield Case("unused_public_ip_prefixes", spare, "waste", "No address was taken from it.")


def _balancers(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/loadBalancers"
    meter = hourly("Load Balancer", "Load Balancer", "Standard Included LB Rules and Outbound Rules", "0.025")
    rules = [{"id": "rule1", "properties": {"protocol": "Tcp", "frontendPort": 443}}]
    member = {"id": site.network("networkInterfaces/vm-legacy-app01-nic/ipConfigurations/ipconfig1")}
    used = {"backendAddressPools": [{"id": "pool", "properties": {"backendIPConfigurations": [member]}}]}
    nothing: dict[str, Any] = {"backendAddressPools": []}
    empty = {"backendAddressPools": [{"id": "pool", "properties": {}}], "loadBalancingRules": rules}
    access = {"inboundNatRules": [{"id": "ssh", "properties": {"frontendPort": 22}}]}
    basic = {"name": "Basic", "tier": "Regional"}
    cases: tuple[tuple[Any, str, dict[str, Any], dict[str, Any], Any, str], ...] = (
        (site.homes[0], "lb-legacy", {**used, "loadBalancingRules": rules}, STANDARD, "ok", "A machine is behind it."),
        (site.homes[1], "lb-batch-empty", empty, STANDARD, "waste", "Its only pool is empty."),
        (site.homes[0], "lb-nat-only", {**nothing, **access}, STANDARD, "ok", "It has NAT rules and no pools."),
        (site.homes[0], "lb-outbound-only", {**used, "outboundRules": [{"id": "out"}]}, STANDARD, "ok", "A way out."),
        (site.homes[2], "lb-sandbox-basic", nothing, basic, "not_applicable", "A Basic balancer is free."),
        (
            site.nodes,
            "kubernetes",
            {**nothing, "loadBalancingRules": rules},
            STANDARD,
            "not_applicable",
            "A cluster's.",
        ),
        (site.homes[1], "lb-batch-bare", nothing, STANDARD, "not_applicable", "Without rules it costs nothing."),
    )
    for group, name, properties, sku, verdict, reason in cases:
        billed = meter if sku is STANDARD and "loadBalancingRules" in properties else None
        balancer = builder.listed(group, kind, name, properties, sku=sku, meter=billed)
        yield Case("load_balancers_without_backends", balancer, verdict, reason)
        is_retired = sku is basic
        yield Case("basic_load_balancers", balancer, "waste" if is_retired else "ok", f"{sku['name']}.")


def _application_gateways(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/applicationGateways"
    meter = hourly("Application Gateway", "Application Gateway Standard v2", "Standard Fixed Cost", "0.246")
    sku = {"name": "Standard_v2", "tier": "Standard_v2"}
    reserved = hourly("Application Gateway", "Application Gateway Standard v2", "Standard Capacity Units", "0.008", 10)
    scale = {"minCapacity": 1, "maxCapacity": 4}
    basic = {"ruleType": "Basic", "backendAddressPool": {"id": "pool"}}
    redirect = {"ruleType": "Basic", "redirectConfiguration": {"id": "to-www"}}
    target = [{"id": "pool", "properties": {"backendAddresses": [{"fqdn": "shop.example"}]}}]
    nothing: list[Any] = [{"id": "pool", "properties": {"backendAddresses": []}}]
    cases: tuple[tuple[str, list[Any], dict[str, Any], str, Any, str], ...] = (
        ("agw-shop", target, basic, "Running", "ok", "Its pool has a target."),
        ("agw-legacy-empty", nothing, basic, "Running", "waste", "Its pool has no target."),
        ("agw-redirect-only", [], redirect, "Running", "not_applicable", "It only redirects."),
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
        if state == "Running":
            builder.line(gateway, reserved, prompt=True)
        yield Case("application_gateways_without_targets", gateway, verdict, reason)
        yield Case("application_gateways_v1", gateway, "ok", "Of the second generation.")
    yield from _sizes(site, target, meter)
    first = {
        "sku": {"name": "WAF_Medium", "tier": "WAF", "capacity": 2},
        "operationalState": "Running",
        "backendAddressPools": target,
        "requestRoutingRules": [{"id": "rule", "properties": basic}],
    }
    old = builder.listed(site.homes[1], kind, "AGW-Batch-V1", first, meter=meter)
    yield Case("application_gateways_without_targets", old, "ok", "It is of the first generation, and in use.")
    yield Case("application_gateways_v1", old, "waste", "Of the first generation.")
    yield Case("application_gateways_without_autoscale", old, "ok", "The first generation cannot scale by itself.")


def _sizes(site: Site, target: list[Any], meter: Meter) -> Iterator[Case]:
    """Add gateways of a fixed size."""
    for name, capacity, verdict in (("agw-fixed", 3, "waste"), ("agw-single", 1, "ok")):
        properties = {
            "sku": {"name": "WAF_v2", "tier": "WAF_v2", "capacity": capacity},
            "operationalState": "Running",
            "backendAddressPools": target,
            "requestRoutingRules": [{"id": "rule", "properties": {"backendAddressPool": {"id": "pool"}}}],
        }
        kind = "Microsoft.Network/applicationGateways"
        gateway = site.builder.listed(site.homes[1], kind, name, properties, meter=meter)
        yield Case("application_gateways_without_autoscale", gateway, verdict, f"{capacity} instances.")  # type: ignore[arg-type]


def _circuits(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/expressRouteCircuits"
    meter = Meter("ExpressRoute", "ExpressRoute", "Metered Data", "Standard 50 Mbps Circuit", "1.83", 1, 0)
    sku = {"name": "Standard_MeteredData", "tier": "Standard", "family": "MeteredData"}
    provider = {"serviceProviderName": "Contoso Telecom", "peeringLocation": "Amsterdam", "bandwidthInMbps": 50}
    private, public = _peering("AzurePrivatePeering"), _peering("MicrosoftPeering")
    cases: tuple[tuple[str, str, list[Any], list[Any], Any, Any], ...] = (
        ("erc-main", "Provisioned", [private], [], "ok", "ok"),
        ("erc-public", "Provisioned", [public], [], "ok", "not_applicable"),
        ("erc-never-used", "NotProvisioned", [], [], "waste", "ok"),
        ("erc-ordered", "Provisioning", [], [], "not_applicable", "ok"),
        ("erc-shared", "Provisioned", [], [{"name": "other"}], "ok", "undetermined"),
        ("erc-alone", "Provisioned", [], [], "ok", "waste"),
    )
    for name, state, peerings, authorizations, unprovisioned, unconnected in cases:
        properties = {
            "serviceProviderProvisioningState": state,
            "circuitProvisioningState": "Enabled",
            "serviceProviderProperties": provider,
            "peerings": peerings,
            "authorizations": authorizations,
            "serviceKey": "not-to-be-kept",
        }
        circuit = builder.listed(site.homes[0], kind, name, properties, sku=sku, meter=meter)
        yield Case("unprovisioned_express_route_circuits", circuit, unprovisioned, f"{state}.")
        reason = f"{len(peerings)} peerings, {len(authorizations)} keys for other subscriptions."
        yield Case("express_route_circuits_without_connections", circuit, unconnected, reason)


def _peering(kind: str) -> dict[str, Any]:
    return {"name": kind, "properties": {"state": "Enabled", "peeringType": kind, "connections": []}}


def _firewalls(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/azureFirewalls"
    meter = hourly("Azure Firewall", "Azure Firewall", "Premium Deployment", "1.75")
    policy = site.network("firewallPolicies/afwp-plain")
    address = [{"id": "ip", "properties": {"publicIPAddress": {"id": site.network("publicIPAddresses/pip-fw")}}}]
    premium = {"name": "AZFW_VNet", "tier": "Premium"}
    plain = {"sku": premium, "ipConfigurations": address, "firewallPolicy": {"id": policy}}
    busy = builder.listed(site.homes[0], kind, "afw-hub", plain, meter=meter)
    yield Case("firewalls_without_rules", busy, "ok", "Its policy has rules.")
    yield Case("premium_firewalls_without_need", busy, "waste", "Premium, though its policy inspects nothing.")
    alert = {"sku": premium, "ipConfigurations": address, "firewallPolicy": {"id": policy.replace("plain", "guarded")}}
    guarded = builder.listed(site.homes[0], kind, "afw-guarded", alert, meter=meter)
    yield Case("premium_firewalls_without_need", guarded, "ok", "Its policy looks for intrusions.")
    ruleless = {"sku": premium, "ipConfigurations": address, "networkRuleCollections": []}
    idle = builder.listed(site.homes[1], kind, "afw-batch", ruleless, meter=meter)
    yield Case("firewalls_without_rules", idle, "waste", "It has neither rules nor a policy.")
    stopped = builder.listed(site.homes[2], kind, "afw-sandbox", {"sku": premium, "ipConfigurations": []})
    yield Case("firewalls_without_rules", stopped, "not_applicable", "Deallocated.")
    yield from _firewall_policies(site, busy.plain_id, guarded.plain_id)
    bastion = {"scaleUnits": 2, "ipConfigurations": [{"id": "ip", "properties": {}}]}
    hour = hourly("Azure Bastion", "Azure Bastion", "Standard Gateway", "0.29")
    builder.listed(
        site.homes[0], "Microsoft.Network/bastionHosts", "bas-hub", bastion, sku={"name": "Standard"}, meter=hour
    )
    hour = hourly("Azure DDOS Protection", "Azure DDOS Protection", "Network Protection Plan", "4.03")
    plan = builder.listed(site.homes[0], "Microsoft.Network/ddosProtectionPlans", "ddos-old", {}, meter=hour)
    yield Case("unused_ddos_plans", plan, "waste", "It protects no network.")
    network = {"virtualNetworks": [{"id": site.network("virtualNetworks/vnet-legacy")}]}
    used = builder.listed(site.homes[1], "Microsoft.Network/ddosProtectionPlans", "ddos-hub", network)
    yield Case("unused_ddos_plans", used, "ok", "It protects a network.")


def _firewall_policies(site: Site, plain: str, guarded: str) -> Iterator[Case]:
    """Add the policies of these firewalls, one that the others inherit from, and one left over."""
    base = {"basePolicy": {"id": site.network("firewallPolicies/afwp-base").upper()}}
    alert = {"intrusionDetection": {"mode": "Alert"}, "firewalls": [{"id": guarded}]}
    cases: tuple[tuple[str, dict[str, Any], Any, str], ...] = (
        ("afwp-plain", {"firewalls": [{"id": plain}], "transportSecurity": None}, "ok", "On a firewall."),
        ("afwp-guarded", {**alert, **base}, "ok", "On a firewall."),
        ("afwp-base", {"firewalls": []}, "not_applicable", "Another policy inherits from it."),
        ("afwp-old", {"firewalls": []}, "waste", "On no firewall."),
    )
    for name, properties, verdict, reason in cases:
        full = {"ruleCollectionGroups": [{"id": "g"}], "sku": {"tier": "Premium"}, **properties}
        found = site.builder.listed(site.homes[0], "Microsoft.Network/firewallPolicies", name, full)
        yield Case("unused_firewall_policies", found, verdict, reason)


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
        ("pe-to-nothing", "Approved", f"{ours}gone", "privateLinkServiceConnections", "ok", "Approved."),
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
        yield Case("dead_private_endpoints", endpoint, verdict, reason)
        is_gone = target.endswith("gone")
        reason = "Its target was deleted." if is_gone else "Its target is there, or a partner's."
        yield Case("private_endpoints_to_deleted_targets", endpoint, "waste" if is_gone else "ok", reason)


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
        yield Case("unattached_network_interfaces", interface, verdict, reason)
