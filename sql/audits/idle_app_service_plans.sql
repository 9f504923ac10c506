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
with apps as (
    select
        server_farm_id,
        count(*) as app_count,
        bool_or(kind like '%functionapp%') as has_functions,
    from staging.web_apps
    where server_farm_id is not null
    group by server_farm_id
)

select
    resource_id,
    'Processor ' || round(processor_average, 1) || ' % on average, peaks of ' || round(processor_peak, 1) || ' %, '
    || round(bytes_per_day / 1000000, 1) || ' MB a day over ' || measured_days || ' days.' as finding,
    unknown,
    coalesce(
        spared, case when apps.has_functions then 'Functions are on it, that may run by the clock and need little.' end
    ) as spared,
    to_json({
        'cpu_average_percent': processor_average,
        'cpu_p95_of_hourly_peaks_percent': processor_peak,
        'bytes_per_day': bytes_per_day,
        'app_count': apps.app_count,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'sku_capacity': sku_capacity
    }) as evidence,
from marts.judged_by_load(source := 'staging.app_service_plans') as plans
inner join apps on plans.resource_id = apps.server_farm_id
where
    coalesce(lower(sku_tier) not in ('free', 'shared', 'dynamic', 'flexconsumption'), true)
    and environment_id is null
    and (
        is_undecided
        or (
            processor_average < 5
            and processor_peak < 15
            and bytes_per_day < coalesce(getvariable('idle_plan_bytes_per_day'), 5000000)
        )
    )
