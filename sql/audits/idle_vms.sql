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
with cpu as (
    from marts.resource_usage
    where metric_name = 'Percentage CPU'
),

network as (
    select
        resource_id,
        min(measured_days) as measured_days,
        sum(total / measured_hours / 3600) as bytes_per_second,
    from marts.resource_usage
    where metric_name in ('Network In Total', 'Network Out Total')
    group by resource_id
    having count(*) = 2
),

judged as (
    select
        machines.*,
        cpu.average as cpu_average,
        cpu.p95_maximum as cpu_peak,
        network.bytes_per_second,
        cpu.first_date,
        cpu.last_date,
        least(cpu.measured_days, network.measured_days) as measured_days,
        cpu.measured_days is null or network.measured_days is null as is_silent,
        coalesce(getvariable('metric_days'), 14)::int as needed_days,
        metrics.unknown,
        metrics.reason,
    from staging.virtual_machines as machines
    inner join marts.metric_subscriptions as metrics using (sub_account_id)
    left join cpu on machines.resource_id = cpu.resource_id
    left join network on machines.resource_id = network.resource_id
    where machines.power_state = 'running'
)

select
    resource_id,
    'Processor ' || round(cpu_average, 1) || ' % on average, peaks of ' || round(cpu_peak, 1) || ' %, network '
    || round(bytes_per_second)::bigint || ' bytes/s over ' || measured_days || ' days.' as finding,
    case
        when created_at > loaded_at - to_days(needed_days) then null
        when unknown is not null then unknown
        when is_silent then 'Azure Monitor has no figures of it' || coalesce(': ' || reason, '.')
        when measured_days < needed_days
            then 'Azure Monitor has figures of ' || measured_days || ' days; ' || needed_days || ' are needed.'
    end as unknown,
    case when created_at > loaded_at - to_days(needed_days) then 'Runs for less than ' || needed_days || ' days.' end as spared,
    to_json({
        'cpu_average_percent': cpu_average,
        'cpu_p95_of_hourly_peaks_percent': cpu_peak,
        'network_bytes_per_second': bytes_per_second,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'vm_size': vm_size
    }) as evidence,
from judged
where
    unknown is not null
    or is_silent
    or measured_days < needed_days
    or (
        cpu_average < coalesce(getvariable('idle_vm_cpu_average'), 3)
        and cpu_peak < coalesce(getvariable('idle_vm_cpu_peak'), 15)
        and bytes_per_second < coalesce(getvariable('idle_vm_bytes_per_second'), 5000)
    )
