"""App plans, gateways to other networks, names and policies, of which some serve nothing any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from finops_lake.demo.cases import Case, Site
from finops_lake.demo.cases_network import hourly
from finops_lake.demo.catalogue import Meter


def plant(site: Site) -> Iterator[Case]:
    """Plant the services and yield their cases."""
    for step in (_gateways, _connections, _plans, _names, _policies, _workflows):
        yield from step(site)


def _gateways(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/virtualNetworkGateways"
    meter = hourly("VPN Gateway", "VpnGw", "VpnGw1AZ", "0.361")
    one = [{"id": "default", "properties": {}}]
    sku = {"name": "VpnGw1AZ", "tier": "VpnGw1AZ", "capacity": 2}
    clients = {"vpnClientAddressPool": {"addressPrefixes": ["172.16.0.0/24"]}, "vpnClientProtocols": ["OpenVPN"]}
    cases: tuple[tuple[str, dict[str, Any], Any, str], ...] = (
        ("vgw-idle", {"ipConfigurations": one}, "waste", "No connection refers to it."),
        ("vgw-people", {"ipConfigurations": one, "vpnClientConfiguration": clients}, "ok", "People dial in to it."),
        ("vgw-active", {"ipConfigurations": [*one, {"id": "b"}], "activeActive": True}, "ok", "Two addresses."),
        ("ergw-main", {"ipConfigurations": one, "gatewayType": "ExpressRoute"}, "ok", "Connected to a circuit."),
    )
    for name, properties, verdict, reason in cases:
        full = {"gatewayType": "Vpn", "vpnType": "RouteBased", "sku": sku, **properties}
        gateway = builder.listed(site.homes[0], kind, name, full, meter=meter)
        yield Case("idle_virtual_network_gateways", gateway, verdict, reason)


def _connections(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/connections"
    local = builder.listed(
        site.homes[0], "Microsoft.Network/localNetworkGateways", "lng-office", {"gatewayIpAddress": "198.51.100.7"}
    )
    yield Case("unused_local_network_gateways", local, "ok", "A connection refers to it.")
    unused = builder.listed(
        site.homes[1], "Microsoft.Network/localNetworkGateways", "LNG-Closed", {"gatewayIpAddress": "198.51.100.9"}
    )
    yield Case("unused_local_network_gateways", unused, "waste", "No connection refers to it.")
    tunnel = {
        "connectionType": "IPsec",
        "connectionStatus": "Connected",
        "virtualNetworkGateway1": {"id": site.network("virtualNetworkGateways/vgw-active")},
        "localNetworkGateway2": {"id": local.plain_id.upper()},
    }
    office = builder.listed(site.homes[0], kind, "cn-office", tunnel)
    yield Case("disconnected_network_connections", office, "ok", "Connected.")
    circuit = {
        "connectionType": "ExpressRoute",
        "connectionStatus": "NotConnected",
        "virtualNetworkGateway1": {"id": site.network("virtualNetworkGateways/ergw-main")},
        "peer": {"id": site.network("expressRouteCircuits/erc-main")},
    }
    lost = builder.listed(site.homes[1], kind, "cn-circuit", circuit)
    yield Case(
        "disconnected_network_connections", lost, "waste", "Not connected, in another subscription than its gateway."
    )


def _plans(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Web/serverFarms"
    meter = hourly("Azure App Service", "Azure App Service Premium v3 Plan", "P1 v3 App", "0.155")
    premium, free = {"name": "P1v3", "tier": "PremiumV3", "capacity": 1}, {"name": "F1", "tier": "Free"}
    cases: tuple[tuple[str, int, Any, tuple[str, ...], Any, str], ...] = (
        ("asp-empty", 0, premium, (), "waste", "No app runs on it."),
        ("ASP-Free", 0, free, (), "not_applicable", "A free plan costs nothing."),
        ("asp-stopped", 1, premium, ("Stopped",), "ok", "An app is on it, though stopped."),
        ("asp-slot-only", 0, premium, (), "ok", "A slot of an app of another plan runs on it."),
        ("asp-busy", 2, premium, ("Running", "Stopped"), "ok", "An app runs on it."),
    )
    for name, number, sku, states, verdict, reason in cases:
        properties = {"numberOfSites": number, "numberOfWorkers": 1, "status": "Ready", "reserved": True}
        paid = meter if sku is premium else None
        plan = builder.listed(site.homes[0], kind, name, properties, sku=sku, kind="linux", meter=paid)
        for place, state in enumerate(states):
            app = {"state": state, "enabled": state == "Running", "serverFarmId": plan.plain_id}
            builder.listed(site.homes[0], "Microsoft.Web/sites", f"app-{name}-{place}", app, kind="app,linux")
        if name == "asp-slot-only":
            slot = {"state": "Running", "enabled": True, "serverFarmId": plan.plain_id.lower()}
            builder.listed(site.homes[0], "Microsoft.Web/sites/slots", "app-asp-busy-0/blue", slot, kind="app,linux")
        yield Case("empty_app_service_plans", plan, verdict, reason)
        stopped: Any = "waste" if name == "asp-stopped" else "ok"
        yield Case("app_service_plans_with_stopped_apps", plan, stopped, f"Its apps: {', '.join(states) or 'none'}.")


def _names(site: Site) -> Iterator[Case]:
    builder = site.builder
    month = Meter("Azure DNS", "Azure DNS", "", "Private Zone", "0.50", 33_336, 6)
    kind = "Microsoft.Network/privateDnsZones"
    linked = {"numberOfVirtualNetworkLinks": 1, "numberOfRecordSets": 4}
    zone = builder.listed(site.homes[0], kind, "privatelink.blob.core.windows.net", linked, meter=month)
    yield Case("unlinked_private_dns_zones", zone, "ok", "Linked to a network.")
    alone = {"numberOfVirtualNetworkLinks": 0, "numberOfRecordSets": 1}
    loose = builder.listed(site.homes[1], kind, "old.internal", alone, meter=month)
    yield Case("unlinked_private_dns_zones", loose, "waste", "Linked to no network.")
    profile = {"profileStatus": "Enabled", "trafficRoutingMethod": "Priority", "endpoints": []}
    manager = builder.listed(site.homes[1], "Microsoft.Network/trafficManagerProfiles", "tm-old", profile)
    yield Case("empty_traffic_manager_profiles", manager, "waste", "It has no endpoint.")
    busy = {**profile, "endpoints": [{"id": "e", "properties": {"endpointStatus": "Enabled"}}]}
    manager = builder.listed(site.homes[0], "Microsoft.Network/trafficManagerProfiles", "tm-shop", busy)
    yield Case("empty_traffic_manager_profiles", manager, "ok", "It has an endpoint.")
    groups: dict[str, Any] = {"firewalls": [], "firewallPolicies": []}
    group = builder.listed(site.homes[1], "Microsoft.Network/ipGroups", "ipg-old", dict(groups))
    yield Case("unused_ip_groups", group, "waste", "No firewall uses it.")
    groups["firewallPolicies"] = [{"id": site.network("firewallPolicies/afwp-plain")}]
    group = builder.listed(site.homes[0], "Microsoft.Network/ipGroups", "ipg-offices", groups)
    yield Case("unused_ip_groups", group, "ok", "A policy uses it.")


def _policies(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Network/frontdoorWebApplicationFirewallPolicies"
    month = Meter("Azure Front Door Service", "Azure Front Door", "", "WAF Policy", "5", 33_336, 6)
    nothing: dict[str, Any] = {"frontendEndpointLinks": [], "routingRuleLinks": [], "securityPolicyLinks": []}
    unused = builder.listed(site.homes[1], kind, "wafold", nothing, sku={"name": "Classic_AzureFrontDoor"}, meter=month)
    yield Case("unused_waf_policies", unused, "waste", "No front door uses it.")
    classic = {**nothing, "frontendEndpointLinks": [{"id": "fd/frontendEndpoints/www"}]}
    used = builder.listed(
        site.homes[1], kind, "wafclassic", classic, sku={"name": "Classic_AzureFrontDoor"}, meter=month
    )
    yield Case("unused_waf_policies", used, "ok", "A classic front door uses it.")
    kind = "Microsoft.Cdn/profiles"
    service = "Azure Front Door Service"
    base = Meter(service, service, "Azure Front Door", "Standard Base Fees", "35", 33_336, 6)
    sku = {"name": "Standard_AzureFrontDoor"}
    for home, name in ((0, "afd-left"), (1, "afd-empty")):
        empty = builder.listed(site.homes[home], kind, name, {"resourceState": "Active"}, sku=sku, meter=base)
        yield Case("empty_cdn_profiles", empty, "waste", "It has no endpoint.")
    full = builder.listed(site.homes[0], kind, "afd-shop", {"resourceState": "Active"}, sku=sku, meter=base)
    builder.listed(site.homes[0], "Microsoft.Cdn/profiles/afdEndpoints", "afd-shop/shop", {"enabledState": "Enabled"})
    yield Case("empty_cdn_profiles", full, "ok", "It has an endpoint.")


def _workflows(site: Site) -> Iterator[Case]:
    builder, kind = site.builder, "Microsoft.Web/connections"
    used = builder.listed(site.homes[0], kind, "office365", {"displayName": "mail", "overallStatus": "Connected"})
    yield Case("unused_api_connections", used, "ok", "A logic app uses it.")
    unused = builder.listed(site.homes[0], kind, "sql-old", {"displayName": "sql", "overallStatus": "Error"})
    yield Case("unused_api_connections", unused, "waste", "No logic app uses it.")
    connections = {"$connections": {"value": {"office365": {"connectionId": used.plain_id.upper()}}}}
    flow = {"state": "Enabled", "parameters": connections}
    builder.listed(site.homes[0], "Microsoft.Logic/workflows", "la-invoices", flow)
    past = f"{builder.instant(40):%Y-%m-%dT%H:%M:%SZ}"
    for name, until, verdict in (("cert-old", past, "waste"), ("cert-new", "2031-01-01T00:00:00Z", "ok")):
        certificate = builder.listed(
            site.homes[0], "Microsoft.Web/certificates", name, {"expirationDate": until, "subjectName": "contoso.com"}
        )
        yield Case("expired_certificates", certificate, verdict, "Expired." if verdict == "waste" else "Valid.")  # type: ignore[arg-type]
