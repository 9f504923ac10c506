-- NAT gateways on subnets through which next to nothing goes out.
-- title: Idle NAT gateways
-- severity: medium
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.nat_gateways
-- fix: See whether anything in its subnets still needs it, then take it off them and delete it with its addresses.
-- source: data processed < 1 MB a day over 28 days (own rule: a machine's updates alone are more); subnets and no traffic is what orphan lists cannot see
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
    from staging.nat_gateways as items
    inner join marts.metric_subscriptions as metrics using (sub_account_id)
    left join marts.resource_activity as usage using (resource_id)
    left join staging.resources as resources using (resource_id)
    where items.subnet_count > 0
)

select
    resource_id,
    round(per_day / 1000, 1) || ' kB a day went through it over ' || measured_days || ' days.' as finding,
    case
        when is_young then null
        when why_unknown is not null then why_unknown
        when measured_days is null then 'Azure Monitor has no figures of it' || coalesce(': ' || reason, '.')
        when measured_days < needed_days
            then 'Azure Monitor has figures of ' || measured_days || ' days; ' || needed_days || ' are needed.'
    end as unknown,
    case when is_young then 'Is there for less than ' || needed_days || ' days.' end as spared,
    to_json({
        'bytes_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'subnet_count': subnet_count
    }) as evidence,
from judged
where why_unknown is not null or measured_days is null or measured_days < needed_days or per_day < coalesce(getvariable('idle_bytes_per_day'), 1000000)
