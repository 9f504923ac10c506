-- Managed instances whose processor would do the same work with half its cores.
-- title: Oversized SQL managed instances
-- severity: medium
-- category: usage
-- action: change
-- saving: at_stake
-- needs: metrics
-- population: staging.sql_managed_instances
-- fix: Look at memory and storage, which come with the cores, and whether it is a failover secondary; then halve its cores.
-- source: 95 % of the hours' peaks of the processor < 20 %, all < 40 % (as for machines), over at least 14 days; four cores are the fewest; memory, which Azure Monitor does not tell, grows with the cores, so no saving is given
select
    resource_id,
    'Half its ' || vcores || ' cores would do: processor ' || round(processor_average, 1) || ' % on average, peaks of '
    || round(processor_peak, 1) || ' %, over ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'cpu_average_percent': processor_average,
        'cpu_p95_of_hourly_peaks_percent': processor_peak,
        'cpu_maximum_percent': processor_maximum,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'vcores': vcores,
        'storage_gb': storage_gb
    }) as evidence,
from marts.judged_by_use(
    source := 'staging.sql_managed_instances',
    usage := 'marts.resource_load',
    needed_days := coalesce(getvariable('metric_days'), 14)
)
where
    state = 'ready'
    and instance_pool_id is null
    and vcores >= 8
    and (is_undecided or (processor_peak < 20 and processor_maximum < 40))
