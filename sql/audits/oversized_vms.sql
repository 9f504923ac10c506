-- Machines that would do the same work at half their size: the next smaller one of their family.
-- title: Oversized virtual machines
-- severity: medium
-- category: usage
-- action: change
-- saving: given
-- saving_from: billed_cost_of_meters
-- confidence: low
-- needs: metrics
-- population: staging.virtual_machines
-- fix: Look at disks, network and zones of the smaller size, then resize in a quiet hour: the machine restarts.
-- source: at half the size Advisor's own limits for a target still hold: 95 % of the hours' peaks of the processor < 40 %, all < 80 %, memory in use < 60 %; so half of each now, over at least 14 days
with cpu as (
    from marts.resource_usage
    where metric_name = 'Percentage CPU'
),

memory as (
    from marts.resource_usage
    where metric_name = 'Available Memory Percentage'
),

traffic as (
    select resource_id, sum(total / measured_hours / 3600) as bytes_per_second,
    from marts.resource_usage
    where metric_name in ('Network In Total', 'Network Out Total')
    group by resource_id
),

sized as (
    select
        *,
        regexp_extract(lower(vm_size), '^(standard_[a-z]+)([0-9]+)([a-z]*(?:_.*)?)$', ['family', 'units', 'rest']) as parts,
    from staging.virtual_machines
    where power_state = 'running'
),

halved as (
    select
        *,
        try_cast(parts.units as int) as units,
        case
            when try_cast(parts.units as int) % 2 = 0 and not regexp_matches(lower(vm_size), '^standard_(d|ds)[0-9]+(_v2)?$')
                then parts.family || (try_cast(parts.units as int) // 2) || parts.rest
        end as smaller_size,
    from sized
),

compute as (
    select
        costs.resource_id,
        costs.billing_currency,
        sum(costs.billed_cost) as cost,
    from marts.resource_meter_cost_last_30_days as costs
    inner join staging.virtual_machines as machines using (resource_id)
    where
        list_contains(
            string_split(lower(costs.sku_meter), '/'),
            replace(regexp_replace(lower(machines.vm_size), '^standard_', ''), '_', ' ')
        )
    group by costs.resource_id, costs.billing_currency
    qualify row_number() over (partition by costs.resource_id order by cost desc, costs.billing_currency) = 1
),

judged as (
    select
        machines.*,
        cpu.p95_maximum as cpu_peak,
        cpu.maximum as cpu_maximum,
        cpu.average as cpu_average,
        100 - memory.minimum as memory_used,
        traffic.bytes_per_second,
        cpu.first_date,
        cpu.last_date,
        cpu.measured_days,
        compute.cost,
        compute.billing_currency,
        present.hour_price as present_price,
        smaller.hour_price as smaller_price,
        coalesce(getvariable('metric_days'), 14)::int as needed_days,
        metrics.unknown,
        metrics.reason,
        cpu.p95_maximum < coalesce(getvariable('oversized_vm_cpu_peak'), 20)
        and cpu.maximum < coalesce(getvariable('oversized_vm_cpu_maximum'), 40) as is_cpu_low,
        coalesce(memory.measured_days, 0) >= coalesce(getvariable('metric_days'), 14) as is_memory_known,
    from halved as machines
    inner join marts.metric_subscriptions as metrics using (sub_account_id)
    left join cpu on machines.resource_id = cpu.resource_id
    left join memory on machines.resource_id = memory.resource_id
    left join traffic on machines.resource_id = traffic.resource_id
    left join compute on machines.resource_id = compute.resource_id
    left join marts.machine_hour_prices as present
        on lower(machines.vm_size) = present.vm_size
        and machines.location = present.location
        and lower(machines.os_type) = present.os_type
        and compute.billing_currency = present.billing_currency
    left join marts.machine_hour_prices as smaller
        on machines.smaller_size = smaller.vm_size
        and machines.location = smaller.location
        and lower(machines.os_type) = smaller.os_type
        and compute.billing_currency = smaller.billing_currency
    where machines.units >= 4
)

select
    resource_id,
    'Processor peaks of ' || round(cpu_peak, 1) || ' % (at most ' || round(cpu_maximum, 1) || ' %), memory at most '
    || round(memory_used, 1) || ' % in use over ' || measured_days || ' days' || coalesce(': ' || smaller_size || ' would do.', '.')
        as finding,
    case
        when created_at > loaded_at - to_days(needed_days) then null
        when unknown is not null then unknown
        when measured_days is null then 'Azure Monitor has no figures of it' || coalesce(': ' || reason, '.')
        when measured_days < needed_days
            then 'Azure Monitor has figures of ' || measured_days || ' days; ' || needed_days || ' are needed.'
        when not is_memory_known then 'Its processor is used little, but nothing is known of its memory.'
    end as unknown,
    case
        when created_at > loaded_at - to_days(needed_days) then 'Runs for less than ' || needed_days || ' days.'
        when parts.family = 'standard_b' then 'A burstable size is made for little use with peaks.'
    end as spared,
    case
        when smaller_price < present_price then cost * (1 - (smaller_price / present_price)::decimal(19, 12))
    end::decimal(38, 24) as given_saving,
    billing_currency as given_currency,
    to_json({
        'vm_size': vm_size,
        'smaller_size': smaller_size,
        'cpu_average_percent': cpu_average,
        'cpu_p95_of_hourly_peaks_percent': cpu_peak,
        'cpu_maximum_percent': cpu_maximum,
        'memory_used_maximum_percent': memory_used,
        'network_bytes_per_second': bytes_per_second,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'hour_price': present_price,
        'hour_price_of_the_smaller_size': smaller_price
    }) as evidence,
from judged
where
    unknown is not null
    or measured_days is null
    or measured_days < needed_days
    or (is_cpu_low and (not is_memory_known or memory_used < coalesce(getvariable('oversized_vm_memory'), 30)))
