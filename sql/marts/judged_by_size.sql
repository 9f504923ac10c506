-- Machines or scale sets with what says whether half of them would do.
-- grain: one row per machine or uniform scale set of the listing
-- base_of: audits.oversized_vms, audits.oversized_scale_sets
-- parameters:
--   source := 'staging.virtual_machines': The listing, or 'staging.scale_sets'.
-- example: marts.judged_by_size(source := 'staging.virtual_machines')
-- source: at half the size Advisor's own limits for a target still hold: 95 % of the hours' peaks of the processor < 40 %, all < 80 %, memory in use < 60 %
-- columns:
--   days_needed: Measured days without which nothing is judged.
--   is_undecided: Whether the figures are not enough to judge it.
--   load: What was measured, in words.
--   unknown: Why its size cannot be judged, in one sentence; null when it can.
--   spared: Why it is not to be judged; null otherwise.
--   is_oversized: Whether half would do; also where it cannot be judged.
select
    judged.* exclude (unknown, spared),
    sizes.* exclude (resource_id),
    'Processor peaks of ' || round(judged.processor_peak, 1) || ' % (at most ' || round(judged.processor_maximum, 1)
    || ' %), memory at most ' || round(judged.memory_used_maximum, 1) || ' % in use over ' || judged.measured_days || ' days' as load,
    case
        when judged.spared is not null then null
        when judged.unknown is not null then judged.unknown
        when coalesce(judged.memory_days, 0) < judged.days_needed
            then 'Its processor is used little, but nothing is known of its memory.'
    end as unknown,
    coalesce(
        judged.spared,
        case when sizes.size_family = 'standard_b' then 'A burstable size is made for little use with peaks.' end
    ) as spared,
    judged.is_undecided
    or (
        judged.processor_peak < coalesce(getvariable('oversized_vm_cpu_peak'), 20)
        and judged.processor_maximum < coalesce(getvariable('oversized_vm_cpu_maximum'), 40)
        and (
            coalesce(judged.memory_days, 0) < judged.days_needed
            or judged.memory_used_maximum < coalesce(getvariable('oversized_vm_memory'), 30)
        )
    ) as is_oversized,
from marts.judged_by_use(
    source := source,
    usage := 'marts.resource_load',
    needed_days := coalesce(getvariable('metric_days'), 14)
) as judged
inner join marts.smaller_machines as sizes on judged.resource_id = sizes.resource_id
