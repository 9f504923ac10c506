-- SQL elastic pools with databases that do next to nothing.
-- title: Idle SQL elastic pools
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.sql_elastic_pools
-- fix: Ask the owners of its databases; move those still needed to a smaller pool or to serverless, then delete it.
-- source: processor, reading, log and DTU < 1 % on average, 95 % of the hours' peaks < 5 %, over 28 days (AOE: P99 of DTU < 40 % is oversized; a pool has no count of connections); empty pools are another check
select
    resource_id,
    'Used to ' || round(processor_average, 2) || ' % on average, peaks of ' || round(processor_peak, 1) || ' %, over '
    || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'average_percent': processor_average,
        'p95_of_hourly_peaks_percent': processor_peak,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'sku_capacity': sku_capacity
    }) as evidence,
from marts.judged_by_use(source := 'staging.sql_elastic_pools', usage := 'marts.resource_load') as pools
semi join staging.sql_databases as databases on pools.resource_id = databases.elastic_pool_id
where is_undecided or (processor_average < 1 and processor_peak < 5)
