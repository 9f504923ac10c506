"""Which metrics are asked of which resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Metrics of one resource type; `view` holds the resources to measure, those for which `where` holds."""

    namespace: str
    view: str
    names: tuple[str, ...]
    aggregations: tuple[str, ...] = ("Average", "Maximum", "Minimum", "Total")
    where: str = "true"


USE = ("Average", "Total")
"""Of a metric that is there as long as the resource, and of one that counts its use (see marts.resource_activity)."""

KINDS: Mapping[str, Kind] = {
    kind.namespace: kind
    for kind in (
        Kind(
            "microsoft.compute/virtualmachines",
            "staging.virtual_machines",
            ("Percentage CPU", "Available Memory Percentage", "Network In Total", "Network Out Total"),
            where="power_state is null or power_state not in ('deallocated', 'stopped')",
        ),
        Kind(
            "microsoft.compute/virtualmachinescalesets",
            "staging.scale_sets",
            ("Percentage CPU", "Available Memory Percentage", "Network In Total", "Network Out Total"),
            where="capacity > 0 and orchestration_mode = 'uniform'",
        ),
        Kind(
            "microsoft.compute/disks",
            "staging.disks",
            (
                "Composite Disk Read Operations/sec",
                "Composite Disk Write Operations/sec",
                "Composite Disk Read Bytes/sec",
                "Composite Disk Write Bytes/sec",
            ),
            ("Average", "Maximum"),
            "lower(sku_name) in ('premium_lrs', 'premium_zrs') and disk_state = 'attached'",
        ),
        Kind(
            "microsoft.network/natgateways",
            "staging.nat_gateways",
            ("DatapathAvailability", "ByteCount"),
            USE,
            "subnet_count > 0",
        ),
        Kind(
            "microsoft.network/loadbalancers",
            "staging.load_balancers",
            ("VipAvailability", "ByteCount"),
            USE,
            "sku_name = 'standard' and backend_member_count > 0",
        ),
        Kind(
            "microsoft.network/azurefirewalls",
            "staging.firewalls",
            ("FirewallHealth", "DataProcessed"),
            USE,
            "is_allocated",
        ),
        Kind(
            "microsoft.network/applicationgateways",
            "staging.application_gateways",
            ("CapacityUnits", "TotalRequests"),
            USE,
            "sku_tier in ('Standard_v2', 'WAF_v2', 'Basic') and target_count > 0"
            " and operational_state is distinct from 'stopped'",
        ),
        Kind(
            "microsoft.network/virtualnetworkgateways",
            "staging.virtual_network_gateways",
            ("ExpressRouteGatewayCpuUtilization", "ExpressRouteGatewayBitsPerSecond"),
            ("Average",),
            "gateway_type = 'expressroute' and lower(sku_name) is distinct from 'ergwscale'",
        ),
        Kind(
            "microsoft.documentdb/databaseaccounts",
            "staging.cosmos_accounts",
            ("ServiceAvailability", "TotalRequestUnits"),
            USE,
        ),
        Kind(
            "microsoft.storage/storageaccounts",
            "staging.storage_accounts",
            ("UsedCapacity", "Transactions"),
            USE,
        ),
        Kind(
            "microsoft.sql/servers/databases",
            "staging.sql_databases",
            ("cpu_percent", "physical_data_read_percent", "log_write_percent", "connection_successful"),
            ("Average", "Maximum", "Total"),
            "not is_master and elastic_pool_id is null and secondary_type is null and status = 'online'",
        ),
        Kind(
            "microsoft.sql/servers/elasticpools",
            "staging.sql_elastic_pools",
            ("cpu_percent", "physical_data_read_percent", "log_write_percent", "dtu_consumption_percent"),
            ("Average", "Maximum"),
        ),
        Kind(
            "microsoft.web/sites",
            "staging.web_apps",
            ("FunctionExecutionCount",),
            ("Total",),
            "resource_type = 'microsoft.web/sites' and kind like '%functionapp%' and state = 'running'"
            " and not regexp_matches(kind, 'workflowapp|kubernetes|containerapps')"
            " and coalesce(lower(plan_tier), '') <> 'flexconsumption'",
        ),
        Kind(
            "microsoft.web/serverfarms",
            "staging.app_service_plans",
            ("CpuPercentage", "MemoryPercentage", "BytesReceived", "BytesSent"),
            ("Average", "Maximum", "Total"),
            "coalesce(lower(sku_tier) not in ('free', 'shared', 'dynamic', 'flexconsumption'), true)"
            " and environment_id is null",
        ),
        Kind(
            "microsoft.dbforpostgresql/flexibleservers",
            "staging.flexible_servers",
            ("cpu_percent", "active_connections"),
            ("Average", "Maximum"),
            "resource_type = 'microsoft.dbforpostgresql/flexibleservers' and state = 'ready'",
        ),
        Kind(
            "microsoft.dbformysql/flexibleservers",
            "staging.flexible_servers",
            ("cpu_percent", "active_connections"),
            ("Average", "Maximum"),
            "resource_type = 'microsoft.dbformysql/flexibleservers' and state = 'ready'",
        ),
        Kind(
            "microsoft.sql/managedinstances",
            "staging.sql_managed_instances",
            ("avg_cpu_percent",),
            ("Average", "Maximum"),
            "state = 'ready' and instance_pool_id is null and vcores >= 8",
        ),
        Kind(
            "microsoft.containerservice/managedclusters",
            "staging.kubernetes_clusters",
            ("node_cpu_usage_percentage", "node_memory_working_set_percentage"),
            ("Average", "Maximum"),
            "power_state = 'running'",
        ),
        Kind(
            "microsoft.cognitiveservices/accounts",
            "marts.provisioned_ai_accounts",
            ("AzureOpenAIProvisionedManagedUtilizationV2",),
            ("Average", "Maximum"),
        ),
        Kind(
            "microsoft.synapse/workspaces/sqlpools",
            "staging.capacity_units",
            ("DWULimit", "Connections"),
            USE,
            "resource_type = 'microsoft.synapse/workspaces/sqlpools' and state = 'online'",
        ),
        Kind(
            "microsoft.kusto/clusters",
            "staging.capacity_units",
            ("KeepAlive", "IngestionVolumeInMB", "QueryDuration"),
            USE,
            "resource_type = 'microsoft.kusto/clusters' and state = 'running'",
        ),
        Kind(
            "microsoft.eventhub/namespaces",
            "staging.capacity_units",
            ("Size", "IncomingMessages", "OutgoingMessages"),
            USE,
            "resource_type = 'microsoft.eventhub/namespaces' and cluster_id is null",
        ),
        Kind(
            "microsoft.servicebus/namespaces",
            "staging.capacity_units",
            ("NamespaceCpuUsage", "IncomingMessages", "OutgoingMessages"),
            USE,
            "resource_type = 'microsoft.servicebus/namespaces' and lower(sku_name) = 'premium'",
        ),
        Kind(
            "microsoft.apimanagement/service",
            "staging.capacity_units",
            ("Capacity", "CpuPercent_Gateway", "Requests"),
            USE,
            "resource_type = 'microsoft.apimanagement/service' and lower(sku_name) is distinct from 'consumption'",
        ),
        Kind(
            "microsoft.containerregistry/registries",
            "staging.capacity_units",
            ("StorageUsed", "TotalPullCount", "TotalPushCount"),
            USE,
            "resource_type = 'microsoft.containerregistry/registries' and lower(sku_name) in ('standard', 'premium')",
        ),
    )
}
"""Names and aggregations by Azure Monitor's reference of supported metrics; of each type one question has all.

Not asked for: the sessions of a Bastion, which are not kept by the hour (PT5M and PT15M only), and Redis, of whose
counts (clients, commands, hits) none is said to leave out what Azure itself does, so none proves that nobody uses it.
"""
