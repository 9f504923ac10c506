-- Running machines that do next to nothing: neither processor nor network is used.
-- title: Idle virtual machines
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.virtual_machines
-- fix: Ask the owner; deallocate it, or delete it with its disks and addresses.
-- source: processor on average < 3 % (N-able, Advisor), 95 % of the hours' peaks < 15 % (N-able), network < 5,000 bytes/s (OptScale: 1,000, which agents alone exceed; Advisor: 2 % of the size's bandwidth), over at least 14 days
select
    resource_id,
    'Processor ' || round(processor_average, 1) || ' % on average, peaks of ' || round(processor_peak, 1) || ' %, network '
    || round(bytes_per_day / 86400)::bigint || ' bytes/s over ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'cpu_average_percent': processor_average,
        'cpu_p95_of_hourly_peaks_percent': processor_peak,
        'network_bytes_per_second': bytes_per_day / 86400,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'vm_size': vm_size
    }) as evidence,
from marts.judged_by_load(
    source := 'staging.virtual_machines',
    needed_days := coalesce(getvariable('metric_days'), 14)
)
where
    power_state = 'running'
    and (
        is_undecided
        or (
            processor_average < coalesce(getvariable('idle_vm_cpu_average'), 3)
            and processor_peak < coalesce(getvariable('idle_vm_cpu_peak'), 15)
            and bytes_per_day / 86400 < coalesce(getvariable('idle_vm_bytes_per_second'), 5000)
        )
    )
