-- How busy resources were of which Azure Monitor tells the load of the processor: one row of what their metrics say together.
-- grain: one row per resource with a figure of its load, its memory or its traffic, and per young resource
-- stored: whole
-- source: Azure Monitor's reference of supported metrics
-- columns:
--   resource_id: Full ARM id, lower case.
--   young_since: Instant of creation (UTC) of what was created lately; such resources have a row also without a figure.
--   processor_average: Mean load in percent; of several measures of load, such as processor, reading and the log of SQL, the greatest.
--   processor_peak: 95 % of all hours' peaks do not exceed it, in percent.
--   processor_maximum: Greatest load of any minute, in percent.
--   memory_used_maximum: Most memory in use, in percent; null where nothing tells it.
--   memory_days: Days with a figure of the memory; null where there is none.
--   connections_maximum: Most connections at once; null where nothing counts them.
--   connections_days: Days with a figure of the connections; null where there is none.
--   bytes_per_day: Data in and out on a day on average; null where not both are known.
--   traffic_days: Days with a figure of both; null where there is none.
--   first_date: First UTC day with a figure of the processor.
--   last_date: Last such day.
--   measured_days: Days with a figure of the processor.
with roles(metric_namespace, metric_name, role) as (
    values
        ('microsoft.compute/virtualmachines', 'Percentage CPU', 'processor'),
        ('microsoft.compute/virtualmachines', 'Available Memory Percentage', 'memory'),
        ('microsoft.compute/virtualmachines', 'Network In Total', 'traffic'),
        ('microsoft.compute/virtualmachines', 'Network Out Total', 'traffic'),
        ('microsoft.compute/virtualmachinescalesets', 'Percentage CPU', 'processor'),
        ('microsoft.compute/virtualmachinescalesets', 'Available Memory Percentage', 'memory'),
        ('microsoft.compute/virtualmachinescalesets', 'Network In Total', 'traffic'),
        ('microsoft.compute/virtualmachinescalesets', 'Network Out Total', 'traffic'),
        ('microsoft.web/serverfarms', 'CpuPercentage', 'processor'),
        ('microsoft.web/serverfarms', 'MemoryPercentage', 'memory_in_use'),
        ('microsoft.web/serverfarms', 'BytesReceived', 'traffic'),
        ('microsoft.web/serverfarms', 'BytesSent', 'traffic'),
        ('microsoft.sql/servers/databases', 'cpu_percent', 'processor'),
        ('microsoft.sql/servers/databases', 'physical_data_read_percent', 'processor'),
        ('microsoft.sql/servers/databases', 'log_write_percent', 'processor'),
        ('microsoft.sql/servers/elasticpools', 'cpu_percent', 'processor'),
        ('microsoft.sql/servers/elasticpools', 'physical_data_read_percent', 'processor'),
        ('microsoft.sql/servers/elasticpools', 'log_write_percent', 'processor'),
        ('microsoft.sql/servers/elasticpools', 'dtu_consumption_percent', 'processor'),
        ('microsoft.sql/managedinstances', 'avg_cpu_percent', 'processor'),
        ('microsoft.cognitiveservices/accounts', 'AzureOpenAIProvisionedManagedUtilizationV2', 'processor'),
        ('microsoft.dbforpostgresql/flexibleservers', 'cpu_percent', 'processor'),
        ('microsoft.dbforpostgresql/flexibleservers', 'active_connections', 'connections'),
        ('microsoft.dbformysql/flexibleservers', 'cpu_percent', 'processor'),
        ('microsoft.dbformysql/flexibleservers', 'active_connections', 'connections'),
        ('microsoft.containerservice/managedclusters', 'node_cpu_usage_percentage', 'processor'),
        ('microsoft.containerservice/managedclusters', 'node_memory_working_set_percentage', 'memory_in_use')
),

measured as (
    select
        usage.resource_id,
        max(usage.average) filter (where roles.role = 'processor') as processor_average,
        max(usage.p95_maximum) filter (where roles.role = 'processor') as processor_peak,
        max(usage.maximum) filter (where roles.role = 'processor') as processor_maximum,
        coalesce(
            100 - min(usage.minimum) filter (where roles.role = 'memory'),
            max(usage.maximum) filter (where roles.role = 'memory_in_use')
        ) as memory_used_maximum,
        min(usage.measured_days) filter (where roles.role in ('memory', 'memory_in_use')) as memory_days,
        max(usage.maximum) filter (where roles.role = 'connections') as connections_maximum,
        min(usage.measured_days) filter (where roles.role = 'connections') as connections_days,
        case
            when count(*) filter (where roles.role = 'traffic') = 2
                then sum(usage.total * 24 / usage.measured_hours) filter (where roles.role = 'traffic')
        end as bytes_per_day,
        case
            when count(*) filter (where roles.role = 'traffic') = 2
                then min(usage.measured_days) filter (where roles.role = 'traffic')
        end as traffic_days,
        min(usage.first_date) filter (where roles.role = 'processor') as first_date,
        max(usage.last_date) filter (where roles.role = 'processor') as last_date,
        max(usage.measured_days) filter (where roles.role = 'processor') as measured_days,
    from marts.resource_usage as usage
    inner join roles using (metric_namespace, metric_name)
    group by usage.resource_id
)

select
    coalesce(measured.resource_id, young.resource_id) as resource_id,
    young.created_at as young_since,
    measured.* exclude (resource_id),
from measured
full join marts.young_resources as young on measured.resource_id = young.resource_id
