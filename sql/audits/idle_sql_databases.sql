-- SQL databases that nobody has connected to.
-- title: Idle SQL databases
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.sql_databases
-- fix: Ask the owner; export it (bacpac), then delete it, or make it serverless with automatic pause.
-- source: no successful connection over 28 days (A, T: by name or age only); databases of a pool, secondaries, paused ones and master are left out
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
    from staging.sql_databases as items
    inner join marts.metric_subscriptions as metrics using (sub_account_id)
    left join marts.resource_activity as usage using (resource_id)
    left join staging.resources as resources using (resource_id)
    where not items.is_master and items.elastic_pool_id is null and items.secondary_type is null and items.status = 'online'
)

select
    resource_id,
    'Nobody connected to it in ' || measured_days || ' days.' as finding,
    case
        when is_young then null
        when why_unknown is not null then why_unknown
        when measured_days is null then 'Azure Monitor has no figures of it' || coalesce(': ' || reason, '.')
        when measured_days < needed_days
            then 'Azure Monitor has figures of ' || measured_days || ' days; ' || needed_days || ' are needed.'
    end as unknown,
    case when is_young then 'Is there for less than ' || needed_days || ' days.' when failover_group_id is not null then 'Is in a failover group.' end as spared,
    to_json({
        'connections_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'service_objective': service_objective,
        'auto_pause_minutes': auto_pause_minutes
    }) as evidence,
from judged
where why_unknown is not null or measured_days is null or measured_days < needed_days or total < 1
