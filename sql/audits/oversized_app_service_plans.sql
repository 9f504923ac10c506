-- App Service plans that would do the same work with fewer instances, or with the next smaller size where there are only two.
-- title: Oversized App Service plans
-- severity: medium
-- category: usage
-- action: change
-- saving: given
-- confidence: low
-- needs: metrics
-- population: staging.app_service_plans
-- fix: Take instances away one by one, or set automatic scaling; a smaller size moves the apps to other machines, so in a quiet hour.
-- source: 95 % of the hours' peaks of the processor < 30 %, memory < 50 % (AOE: P99 of both), all peaks < 50 % (own rule: so that twice as much still fits), over at least 14 days; half of the instances, but two stay two and three zones three, since each holds all apps in its memory; in half the size memory takes twice the share, so < 40 %
with plans as (
    select
        judged.*,
        coalesce(judged.sku_capacity, judged.worker_count) as instances,
        greatest((instances + 1) // 2, case when judged.is_zone_redundant then 3 else 2 end) as fewer_instances,
        fewer_instances < instances as has_spare_instances,
        sizes.smaller_size,
        sizes.bill,
        sizes.saving,
        sizes.billing_currency,
        sizes.unpriced,
        sizes.is_scaled_by_rules,
        coalesce(judged.memory_days, 0) >= judged.days_needed as is_memory_known,
    from marts.judged_by_use(
        source := 'staging.app_service_plans',
        usage := 'marts.resource_load',
        needed_days := coalesce(getvariable('metric_days'), 14)
    ) as judged
    left join marts.smaller_sizes as sizes on judged.resource_id = sizes.resource_id
)

select
    plans.resource_id,
    'Processor peaks of ' || round(plans.processor_peak, 1) || ' % (at most ' || round(plans.processor_maximum, 1)
    || ' %), memory at most ' || round(plans.memory_used_maximum, 1) || ' % in use over ' || plans.measured_days || ' days: '
    || case
        when plans.has_spare_instances then plans.fewer_instances || ' of its ' || plans.instances || ' instances would do.'
        else plans.smaller_size || ' would do.'
    end as finding,
    case
        when plans.spared is not null then null
        when plans.unknown is not null then plans.unknown
        when not plans.is_memory_known then 'Its processor is used little, but nothing is known of its memory.'
    end as unknown,
    coalesce(
        plans.spared,
        case
            when plans.is_scaled_automatically or plans.is_scaled_by_rules then 'It scales automatically, by rules of its own.'
        end
    ) as spared,
    case
        when plans.has_spare_instances
            then (plans.bill * (plans.instances - plans.fewer_instances) / plans.instances)::decimal(28, 12)
        else plans.saving
    end::decimal(38, 24) as given_saving,
    plans.billing_currency as given_currency,
    case when not plans.has_spare_instances then plans.unpriced end as unpriced,
    to_json({
        'sku_name': plans.sku_name,
        'instances': plans.instances,
        'smaller_instances': case when plans.has_spare_instances then plans.fewer_instances end,
        'smaller_size': case when not plans.has_spare_instances then plans.smaller_size end,
        'is_zone_redundant': plans.is_zone_redundant,
        'app_count': plans.site_count,
        'cpu_average_percent': plans.processor_average,
        'cpu_p95_of_hourly_peaks_percent': plans.processor_peak,
        'cpu_maximum_percent': plans.processor_maximum,
        'memory_used_maximum_percent': plans.memory_used_maximum,
        'measured_days': plans.measured_days,
        'first_date': plans.first_date,
        'last_date': plans.last_date
    }) as evidence,
from plans
where
    regexp_matches(plans.sku_tier, '^(basic|standard|premium)', 'i')
    and plans.environment_id is null
    and plans.site_count > 0
    and (plans.has_spare_instances or plans.smaller_size is not null)
    and (
        plans.is_undecided
        or (
            plans.processor_peak < 30
            and plans.processor_maximum < 50
            and (
                not plans.is_memory_known
                or plans.memory_used_maximum < case when plans.has_spare_instances then 50 else 40 end
            )
        )
    )
