-- SQL elastic pools whose databases would do the same work in the next smaller pool.
-- title: Oversized SQL elastic pools
-- severity: medium
-- category: usage
-- action: change
-- saving: given
-- saving_from: billed_cost_of_meters
-- confidence: low
-- needs: metrics
-- population: staging.sql_elastic_pools
-- fix: Lower first what a single database may use at most, and count the databases that the smaller pool may hold, then set it in a quiet hour.
-- source: 95 % of the hours' peaks < 40 % of processor, reading and writing of the log alike, of which DTU are the greatest (AOE: P99 of DTU < 40 %), and in the smaller size still < 80 %, all < 100 %, over at least 14 days; empty pools are another check
select
    items.resource_id,
    'Peaks of ' || round(items.processor_peak, 1) || ' % (at most ' || round(items.processor_maximum, 1)
    || ' %) of processor, reading and log over ' || items.measured_days || ' days: ' || sizes.smaller_size || ' would do.' as finding,
    items.unknown,
    coalesce(
        items.spared,
        case
            when items.max_size_bytes > sizes.storage_limit_bytes
                then 'It may grow larger than ' || sizes.smaller_size || ' can store.'
        end
    ) as spared,
    (sizes.bill * (sizes.units - sizes.smaller_units) / sizes.units)::decimal(28, 12)::decimal(38, 24) as given_saving,
    sizes.billing_currency as given_currency,
    to_json({
        'size': sizes.size,
        'smaller_size': sizes.smaller_size,
        'load_average_percent': items.processor_average,
        'load_p95_of_hourly_peaks_percent': items.processor_peak,
        'load_maximum_percent': items.processor_maximum,
        'max_size_bytes': items.max_size_bytes,
        'measured_days': items.measured_days,
        'first_date': items.first_date,
        'last_date': items.last_date
    }) as evidence,
from marts.judged_by_use(
    source := 'staging.sql_elastic_pools',
    usage := 'marts.resource_load',
    needed_days := coalesce(getvariable('metric_days'), 14)
) as items
inner join marts.smaller_databases as sizes on items.resource_id = sizes.resource_id
where
    items.is_undecided
    or (
        items.processor_peak < 40
        and items.processor_peak * sizes.units < 80 * sizes.smaller_units
        and items.processor_maximum * sizes.units < 100 * sizes.smaller_units
    )
