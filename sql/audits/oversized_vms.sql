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
select
    resource_id,
    load || coalesce(': ' || smaller_size || ' would do.', '.') as finding,
    unknown,
    spared,
    case when smaller_hour_price < hour_price then compute_cost::decimal(24, 12) * (1 - (smaller_hour_price / hour_price)::decimal(13, 12)) end
        ::decimal(38, 24) as given_saving,
    billing_currency as given_currency,
    unpriced,
    to_json({
        'vm_size': vm_size,
        'smaller_size': smaller_size,
        'cpu_average_percent': processor_average,
        'cpu_p95_of_hourly_peaks_percent': processor_peak,
        'cpu_maximum_percent': processor_maximum,
        'memory_used_maximum_percent': memory_used_maximum,
        'network_bytes_per_second': bytes_per_day / 86400,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'hour_price': hour_price,
        'hour_price_of_the_smaller_size': smaller_hour_price
    }) as evidence,
from marts.judged_by_size(source := 'staging.virtual_machines')
where power_state = 'running' and size_units >= 4 and is_oversized
