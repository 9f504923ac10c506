-- Application gateways with targets that get next to no requests.
-- title: Idle application gateways
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.application_gateways
-- fix: Ask the owner of the targets, then stop it (free), or delete it with its addresses.
-- source: requests < 50 a day over 28 days (own rule: scanners of public addresses send some to anybody); v1 is another check, a stopped one is free
with judged as (
    select
        items.*,
        usage.per_day,
        usage.total,
        usage.measured_days,
        usage.first_date,
        usage.last_date,
        metrics.unknown as why_unknown,
        metrics.reason,
        coalesce(getvariable('idle_metric_days'), 28)::int as needed_days,
        coalesce(resources.created_at > items.loaded_at - to_days(coalesce(getvariable('idle_metric_days'), 28)::int), false) as is_young,
    from staging.application_gateways as items
    inner join marts.metric_subscriptions as metrics using (sub_account_id)
    left join marts.resource_activity as usage using (resource_id)
    left join staging.resources as resources using (resource_id)
    where items.sku_tier in ('Standard_v2', 'WAF_v2', 'Basic') and items.target_count > 0 and items.operational_state is distinct from 'stopped'
)

select
    resource_id,
    round(per_day, 1) || ' requests a day over ' || measured_days || ' days.' as finding,
    case
        when is_young then null
        when why_unknown is not null then why_unknown
        when measured_days is null then 'Azure Monitor has no figures of it' || coalesce(': ' || reason, '.')
        when measured_days < needed_days
            then 'Azure Monitor has figures of ' || measured_days || ' days; ' || needed_days || ' are needed.'
    end as unknown,
    case when is_young then 'Is there for less than ' || needed_days || ' days.' end as spared,
    to_json({
        'requests_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_tier': sku_tier,
        'target_count': target_count
    }) as evidence,
from judged
where why_unknown is not null or measured_days is null or measured_days < needed_days or per_day < coalesce(getvariable('idle_requests_per_day'), 50)
