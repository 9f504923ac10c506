-- How much resources were used that a metric or two tell it of, such as bytes or requests, over the days that metrics are held of.
-- Azure Monitor leaves out hours without use of most such metrics; so another one, that is there as long as the resource is,
-- says which days were measured, and no figure of use on such a day is no use. Days without either are not known.
-- Of functions nothing else is always there: hours without a figure are not known.
-- grain: one row per resource with a measured day, and per young resource
-- stored: whole
-- source: Azure Monitor's reference of supported metrics; of application gateways it says that what is not used is not reported
-- columns:
--   resource_id: Full ARM id, lower case.
--   young_since: Instant of creation (UTC) of what was created lately; such resources have a row also without a figure.
--   metric_name: Metric that tells the use; of several (such as messages in and out) all of them.
--   alive_metric_name: Metric that is there whether or not the resource is used.
--   first_date: First measured UTC day.
--   last_date: Last measured UTC day.
--   measured_days: Days on which the resource was there and its use was asked for.
--   total: Use on those days, in the metric's unit; of a metric in bits per second, in bytes; of several, their sum.
--   per_day: Use of a measured day on average.
with roles(metric_namespace, alive_metric_name, metric_name, total_of_average_hour) as (
    values
        ('microsoft.network/natgateways', 'DatapathAvailability', 'ByteCount', null),
        ('microsoft.network/loadbalancers', 'VipAvailability', 'ByteCount', null),
        ('microsoft.network/azurefirewalls', 'FirewallHealth', 'DataProcessed', null),
        ('microsoft.network/applicationgateways', 'CapacityUnits', 'TotalRequests', null),
        ('microsoft.documentdb/databaseaccounts', 'ServiceAvailability', 'TotalRequestUnits', null),
        ('microsoft.storage/storageaccounts', 'UsedCapacity', 'Transactions', null),
        ('microsoft.sql/servers/databases', 'cpu_percent', 'connection_successful', null),
        ('microsoft.synapse/workspaces/sqlpools', 'DWULimit', 'Connections', null),
        ('microsoft.kusto/clusters', 'KeepAlive', 'IngestionVolumeInMB', null),
        ('microsoft.kusto/clusters', 'KeepAlive', 'QueryDuration', null),
        ('microsoft.eventhub/namespaces', 'Size', 'IncomingMessages', null),
        ('microsoft.eventhub/namespaces', 'Size', 'OutgoingMessages', null),
        ('microsoft.servicebus/namespaces', 'NamespaceCpuUsage', 'IncomingMessages', null),
        ('microsoft.servicebus/namespaces', 'NamespaceCpuUsage', 'OutgoingMessages', null),
        ('microsoft.apimanagement/service', 'Capacity', 'Requests', null),
        ('microsoft.apimanagement/service', 'CpuPercent_Gateway', 'Requests', null),
        ('microsoft.containerregistry/registries', 'StorageUsed', 'TotalPullCount', null),
        ('microsoft.containerregistry/registries', 'StorageUsed', 'TotalPushCount', null),
        ('microsoft.web/sites', 'FunctionExecutionCount', 'FunctionExecutionCount', null),
        (
            'microsoft.network/virtualnetworkgateways',
            'ExpressRouteGatewayCpuUtilization',
            'ExpressRouteGatewayBitsPerSecond',
            3600 / 8
        )
),

alive as (
    select
        metrics.resource_id,
        metrics.usage_date,
        roles.alive_metric_name,
        roles.metric_name,
        roles.metric_namespace,
        roles.total_of_average_hour,
    from staging.resource_metrics as metrics
    inner join roles
        on metrics.metric_namespace = roles.metric_namespace and metrics.metric_name = roles.alive_metric_name
    where metrics.measured_hours > 0
),

used as (
    select
        alive.resource_id,
        alive.metric_namespace,
        alive.metric_name,
        alive.usage_date,
        min(alive.alive_metric_name) as alive_metric_name,
        max(coalesce(
            counted.total, counted.average * counted.measured_hours * alive.total_of_average_hour, 0
        )) as day_total,
    from alive
    inner join staging.resource_metrics as counted
        on alive.resource_id = counted.resource_id
        and alive.metric_name = counted.metric_name
        and alive.usage_date = counted.usage_date
    group by alive.resource_id, alive.metric_namespace, alive.metric_name, alive.usage_date
),

days as (
    select
        resource_id,
        metric_namespace,
        usage_date,
        min(alive_metric_name) as alive_metric_name,
        string_agg(metric_name, ' and ' order by metric_name) as metric_name,
        count(*) as metric_count,
        sum(day_total) as day_total,
    from used
    group by resource_id, metric_namespace, usage_date
),

asked as (
    select metric_namespace, count(distinct metric_name) as metric_count,
    from roles
    group by metric_namespace
),

measured as (
    select
        days.resource_id,
        min(days.metric_name) as metric_name,
        min(days.alive_metric_name) as alive_metric_name,
        min(days.usage_date) as first_date,
        max(days.usage_date) as last_date,
        count(*) as measured_days,
        sum(days.day_total) as total,
        sum(days.day_total) / count(*) as per_day,
    from days
    inner join asked using (metric_namespace, metric_count)
    group by days.resource_id
)

select
    coalesce(measured.resource_id, young.resource_id) as resource_id,
    young.created_at as young_since,
    measured.* exclude (resource_id),
from measured
full join marts.young_resources as young on measured.resource_id = young.resource_id
