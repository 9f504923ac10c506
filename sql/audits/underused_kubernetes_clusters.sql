-- AKS clusters whose nodes would carry the same work at half their number.
-- title: Underused AKS clusters
-- severity: high
-- category: usage
-- action: change
-- saving: at_stake
-- needs: metrics
-- population: staging.kubernetes_clusters
-- fix: Compare what its pods request with what they use; then let the pools scale by themselves, to a lower minimum or to smaller nodes.
-- source: of the busiest node 95 % of the hours' peaks of the processor < 50 %, and all of the memory < 50 %, over at least 14 days (own rule: half of each is free; Turbot: idle clusters by age only); requests of pods, which no platform metric tells, may still need the nodes, so no saving is given
select
    resource_id,
    'Peaks of ' || round(processor_peak, 1) || ' % of the processor and ' || round(memory_used_maximum, 1)
    || ' % of the memory on ' || node_count || ' nodes, over ' || measured_days || ' days.' as finding,
    case
        when unknown is not null or spared is not null then unknown
        when coalesce(memory_days, 0) < days_needed
            then 'Azure Monitor has figures of its memory of ' || coalesce(memory_days, 0) || ' days; ' || days_needed
                || ' are needed.'
    end as unknown,
    coalesce(
        spared,
        case
            when makes_nodes_itself then 'Makes and removes its nodes itself.'
            when are_few then 'Each of its node pools has as few nodes as it may have.'
        end
    ) as spared,
    to_json({
        'cpu_average_percent': processor_average,
        'cpu_p95_of_hourly_peaks_percent': processor_peak,
        'memory_maximum_percent': memory_used_maximum,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'node_count': node_count,
        'node_cost_of_the_window': node_cost,
        'node_cost_currency': node_cost_currency
    }) as evidence,
from marts.judged_by_use(
    source := 'staging.kubernetes_clusters',
    usage := 'marts.resource_load',
    needed_days := coalesce(getvariable('metric_days'), 14)
)
inner join marts.cluster_nodes using (resource_id)
where
    power_state = 'running'
    and (
        is_undecided
        or coalesce(memory_days, 0) < days_needed
        or (processor_peak < 50 and memory_used_maximum < 50)
    )
