-- Scale sets that would do the same work with fewer instances, or with the next smaller size where there are only two.
-- title: Oversized scale sets
-- severity: medium
-- category: usage
-- action: change
-- saving: given
-- saving_from: billed_cost_of_meters
-- confidence: low
-- needs: metrics
-- population: staging.scale_sets
-- fix: Take instances away one by one, and keep one in each zone; or scale automatically, down to two.
-- source: the limits of oversized machines (Advisor's for a target of half the size; AOE: P99 of processor < 30 %, memory < 50 %), of all instances together, over at least 14 days; two instances stay two; flexible sets are judged machine by machine
select
    items.resource_id,
    items.load || case
        when items.capacity > 2 then ': ' || (items.capacity + 1) // 2 || ' of its ' || items.capacity || ' instances would do.'
        else coalesce(': ' || items.smaller_size || ' would do.', '.')
    end as finding,
    items.unknown,
    coalesce(
        items.spared, case when items.is_scaled_by_rules then 'It scales automatically, by rules of its own.' end
    ) as spared,
    case
        when items.capacity > 2 then (items.compute_cost * (items.capacity // 2) / items.capacity)::decimal(28, 12)
        when items.smaller_hour_price < items.hour_price
            then items.compute_cost::decimal(24, 12) * (1 - (items.smaller_hour_price / items.hour_price)::decimal(13, 12))
    end::decimal(38, 24) as given_saving,
    items.billing_currency as given_currency,
    items.unpriced,
    to_json({
        'sku_name': items.sku_name,
        'capacity': items.capacity,
        'smaller_capacity': case when items.capacity > 2 then (items.capacity + 1) // 2 end,
        'smaller_size': case when items.capacity <= 2 then items.smaller_size end,
        'cpu_average_percent': items.processor_average,
        'cpu_p95_of_hourly_peaks_percent': items.processor_peak,
        'cpu_maximum_percent': items.processor_maximum,
        'memory_used_maximum_percent': items.memory_used_maximum,
        'measured_days': items.measured_days,
        'first_date': items.first_date,
        'last_date': items.last_date
    }) as evidence,
from marts.judged_by_size(source := 'staging.scale_sets') as items
where items.capacity > 0 and (items.capacity > 2 or items.size_units >= 4) and items.is_oversized
