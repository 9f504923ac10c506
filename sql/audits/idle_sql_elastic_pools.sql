-- SQL elastic pools with databases that do next to nothing.
-- title: Idle SQL elastic pools
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.sql_elastic_pools
-- fix: Ask the owners of its databases; move those still needed to a smaller pool or to serverless, then delete it.
-- source: processor and DTU < 1 % on average, 95 % of the hours' peaks < 5 %, over 28 days (AOE: P99 of DTU < 40 % is oversized; a pool has no count of connections); empty pools are another check
with load as (
    select
        resource_id,
        max(average) as average,
        max(p95_maximum) as peak,
        max(measured_days) as measured_days,
        min(first_date) as first_date,
        max(last_date) as last_date,
    from marts.resource_usage
    where metric_name in ('cpu_percent', 'dtu_consumption_percent')
    group by resource_id
),

judged as (
    select
        pools.*,
        load.average,
        load.peak,
        load.measured_days,
        load.first_date,
        load.last_date,
        metrics.unknown as why_unknown,
        metrics.reason,
        coalesce(getvariable('idle_metric_days'), 28)::int as needed_days,
        coalesce(coalesce(pools.created_at, resources.created_at) > pools.loaded_at - to_days(coalesce(getvariable('idle_metric_days'), 28)::int), false) as is_young,
    from staging.sql_elastic_pools as pools
    inner join marts.metric_subscriptions as metrics using (sub_account_id)
    semi join staging.sql_databases as databases on pools.resource_id = databases.elastic_pool_id
    left join load on pools.resource_id = load.resource_id
    left join staging.resources as resources on pools.resource_id = resources.resource_id
)

select
    resource_id,
    'Used to ' || round(average, 2) || ' % on average, peaks of ' || round(peak, 1) || ' %, over ' || measured_days || ' days.' as finding,
    case
        when is_young then null
        when why_unknown is not null then why_unknown
        when measured_days is null then 'Azure Monitor has no figures of it' || coalesce(': ' || reason, '.')
        when measured_days < needed_days
            then 'Azure Monitor has figures of ' || measured_days || ' days; ' || needed_days || ' are needed.'
    end as unknown,
    case when is_young then 'Is there for less than ' || needed_days || ' days.' end as spared,
    to_json({
        'average_percent': average,
        'p95_of_hourly_peaks_percent': peak,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'sku_capacity': sku_capacity
    }) as evidence,
from judged
where why_unknown is not null or measured_days is null or measured_days < needed_days or (average < 1 and peak < 5)
