-- Cosmos DB accounts that nobody reads or writes.
-- title: Idle Cosmos DB accounts
-- severity: medium
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.cosmos_accounts
-- fix: Keep a backup, then delete the account, or make it serverless.
-- source: not one request unit a day over 28 days (D: unused accounts)
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
    from staging.cosmos_accounts as items
    inner join marts.metric_subscriptions as metrics using (sub_account_id)
    left join marts.resource_activity as usage using (resource_id)
    left join staging.resources as resources using (resource_id)
    where true
)

select
    resource_id,
    'No request unit in ' || measured_days || ' days.' as finding,
    case
        when is_young then null
        when why_unknown is not null then why_unknown
        when measured_days is null then 'Azure Monitor has no figures of it' || coalesce(': ' || reason, '.')
        when measured_days < needed_days
            then 'Azure Monitor has figures of ' || measured_days || ' days; ' || needed_days || ' are needed.'
    end as unknown,
    case when is_young then 'Is there for less than ' || needed_days || ' days.' when is_free_tier then 'The free tier is applied to it.' end as spared,
    to_json({
        'request_units_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date
    }) as evidence,
from judged
where why_unknown is not null or measured_days is null or measured_days < needed_days or per_day < 1
