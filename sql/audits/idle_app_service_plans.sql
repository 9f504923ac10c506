-- App Service plans whose apps do next to nothing: neither processor nor network is used.
-- title: Idle App Service plans
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.app_service_plans
-- fix: Ask the owners of its apps; move those still needed to another plan, then delete it.
-- source: processor < 5 % on average, 95 % of the hours' peaks < 15 % (AOE: P99 < 30 % is underused), data in and out < 5 MB a day (own rule: what keeps an app warm makes some), over 28 days; empty plans are another check
with cpu as (
    from marts.resource_usage
    where metric_name = 'CpuPercentage'
),

traffic as (
    select resource_id, sum(total * 24 / measured_hours) as bytes_per_day,
    from marts.resource_usage
    where metric_name in ('BytesReceived', 'BytesSent')
    group by resource_id
    having count(*) = 2
),

apps as (
    select
        server_farm_id,
        count(*) as app_count,
        bool_or(kind like '%functionapp%') as has_functions,
    from staging.web_apps
    where server_farm_id is not null
    group by server_farm_id
),

judged as (
    select
        plans.*,
        cpu.average,
        cpu.p95_maximum as peak,
        traffic.bytes_per_day,
        apps.app_count,
        apps.has_functions,
        case when traffic.resource_id is not null then cpu.measured_days end as measured_days,
        cpu.first_date,
        cpu.last_date,
        metrics.unknown as why_unknown,
        metrics.reason,
        coalesce(getvariable('idle_metric_days'), 28)::int as needed_days,
        coalesce(resources.created_at > plans.loaded_at - to_days(coalesce(getvariable('idle_metric_days'), 28)::int), false) as is_young,
    from staging.app_service_plans as plans
    inner join marts.metric_subscriptions as metrics using (sub_account_id)
    inner join apps on plans.resource_id = apps.server_farm_id
    left join cpu on plans.resource_id = cpu.resource_id
    left join traffic on plans.resource_id = traffic.resource_id
    left join staging.resources as resources on plans.resource_id = resources.resource_id
    where
        coalesce(lower(plans.sku_tier) not in ('free', 'shared', 'dynamic', 'flexconsumption'), true)
        and plans.environment_id is null
)

select
    resource_id,
    'Processor ' || round(average, 1) || ' % on average, peaks of ' || round(peak, 1) || ' %, '
    || round(bytes_per_day / 1000000, 1) || ' MB a day over ' || measured_days || ' days.' as finding,
    case
        when is_young then null
        when why_unknown is not null then why_unknown
        when measured_days is null then 'Azure Monitor has no figures of it' || coalesce(': ' || reason, '.')
        when measured_days < needed_days
            then 'Azure Monitor has figures of ' || measured_days || ' days; ' || needed_days || ' are needed.'
    end as unknown,
    case
        when is_young then 'Is there for less than ' || needed_days || ' days.'
        when has_functions then 'Functions are on it, that may run by the clock and need little.'
    end as spared,
    to_json({
        'cpu_average_percent': average,
        'cpu_p95_of_hourly_peaks_percent': peak,
        'bytes_per_day': bytes_per_day,
        'app_count': app_count,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'sku_capacity': sku_capacity
    }) as evidence,
from judged
where
    why_unknown is not null
    or measured_days is null
    or measured_days < needed_days
    or (average < 5 and peak < 15 and bytes_per_day < coalesce(getvariable('idle_plan_bytes_per_day'), 5000000))
