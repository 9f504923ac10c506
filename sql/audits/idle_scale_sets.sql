-- Scale sets whose instances do next to nothing: neither processor nor network is used.
-- title: Idle scale sets
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.scale_sets
-- fix: Ask the owner; set its capacity to 0, or delete it with its balancer and addresses.
-- source: the limits of idle machines: processor on average < 3 %, 95 % of the hours' peaks < 15 % of any instance, network < 5,000 bytes/s for each, over at least 14 days; flexible sets are judged machine by machine
select
    resource_id,
    'Processor ' || round(processor_average, 1) || ' % on average, peaks of ' || round(processor_peak, 1) || ' %, network '
    || round(bytes_per_day / 86400)::bigint || ' bytes/s of ' || capacity || ' instances over ' || measured_days
    || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'cpu_average_percent': processor_average,
        'cpu_p95_of_hourly_peaks_percent': processor_peak,
        'network_bytes_per_second': bytes_per_day / 86400,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'capacity': capacity
    }) as evidence,
from marts.judged_by_load(
    source := 'staging.scale_sets',
    needed_days := coalesce(getvariable('metric_days'), 14)
)
where
    orchestration_mode = 'uniform'
    and capacity > 0
    and (
        is_undecided
        or (
            processor_average < coalesce(getvariable('idle_vm_cpu_average'), 3)
            and processor_peak < coalesce(getvariable('idle_vm_cpu_peak'), 15)
            and bytes_per_day / 86400 / capacity < coalesce(getvariable('idle_vm_bytes_per_second'), 5000)
        )
    )
