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
with sized as (
    select
        *,
        regexp_extract(lower(vm_size), '^(standard_[a-z]+)([0-9]+)([a-z]*(?:_.*)?)$', ['family', 'units', 'rest']) as parts,
        try_cast(parts['units'] as int) as units,
        case
            when units % 2 = 0 and not regexp_matches(lower(vm_size), '^standard_(d|ds)[0-9]+(_v2)?$')
                then parts['family'] || (units // 2) || parts['rest']
        end as smaller_size,
        processor_peak < coalesce(getvariable('oversized_vm_cpu_peak'), 20)
        and processor_maximum < coalesce(getvariable('oversized_vm_cpu_maximum'), 40) as is_processor_low,
        coalesce(memory_days, 0) >= days_needed as is_memory_known,
    from marts.judged_by_use(
        source := 'staging.virtual_machines',
        usage := 'marts.resource_load',
        needed_days := coalesce(getvariable('metric_days'), 14)
    )
    where power_state = 'running'
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
)

select
    machines.resource_id,
    'Processor peaks of ' || round(machines.processor_peak, 1) || ' % (at most ' || round(machines.processor_maximum, 1)
    || ' %), memory at most ' || round(machines.memory_used_maximum, 1) || ' % in use over ' || machines.measured_days || ' days'
    || coalesce(': ' || machines.smaller_size || ' would do.', '.') as finding,
    case
        when machines.spared is not null then null
        when machines.unknown is not null then machines.unknown
        when not machines.is_memory_known then 'Its processor is used little, but nothing is known of its memory.'
    end as unknown,
    coalesce(
        machines.spared,
        case when machines.parts['family'] = 'standard_b' then 'A burstable size is made for little use with peaks.' end
    ) as spared,
    case
        when smaller.hour_price < present.hour_price
            then compute.cost * (1 - (smaller.hour_price / present.hour_price)::decimal(19, 12))
    end::decimal(38, 24) as given_saving,
    compute.billing_currency as given_currency,
    to_json({
        'vm_size': machines.vm_size,
        'smaller_size': machines.smaller_size,
        'cpu_average_percent': machines.processor_average,
        'cpu_p95_of_hourly_peaks_percent': machines.processor_peak,
        'cpu_maximum_percent': machines.processor_maximum,
        'memory_used_maximum_percent': machines.memory_used_maximum,
        'network_bytes_per_second': machines.bytes_per_day / 86400,
        'measured_days': machines.measured_days,
        'first_date': machines.first_date,
        'last_date': machines.last_date,
        'hour_price': present.hour_price,
        'hour_price_of_the_smaller_size': smaller.hour_price
    }) as evidence,
from sized as machines
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
where
    machines.units >= 4
    and (
        machines.is_undecided
        or (
            machines.is_processor_low
            and (
                not machines.is_memory_known
                or machines.memory_used_maximum < coalesce(getvariable('oversized_vm_memory'), 30)
            )
        )
    )
