-- Log Analytics bills each gigabyte for every month it is kept beyond the first 31 days (90 with Sentinel).
-- title: Log Analytics workspaces with long retention
-- severity: low
-- category: usage
-- action: change
-- saving: given
-- confidence: low
-- population: staging.log_analytics_workspaces
-- fix: Lower the retention, or set it by table; archive what the law asks for.
-- source: Azure Monitor pricing: 31 days are included, 90 with Sentinel
with sentinels as (
    select distinct workspace_id from staging.log_analytics_solutions where is_sentinel
),

costs as (
    select resource_id, billing_currency, sum(billed_cost) as cost
    from marts.resource_meter_cost_last_30_days
    where sku_meter ilike '%retention%'
    group by resource_id, billing_currency
    qualify row_number() over (partition by resource_id order by cost desc, billing_currency) = 1
)

select
    spaces.resource_id,
    'Keeps data for ' || spaces.retention_days || ' days.' as finding,
    case when sentinels.workspace_id is not null and spaces.retention_days <= 90 then 'Sentinel includes 90 days of retention.' end as spared,
    costs.cost as given_saving,
    costs.billing_currency as given_currency,
    'retention' as saving_part,
    to_json({'retention_days': spaces.retention_days, 'plan': spaces.plan, 'has_sentinel': sentinels.workspace_id is not null})
        as evidence,
from staging.log_analytics_workspaces as spaces
left join sentinels on spaces.resource_id = sentinels.workspace_id
left join costs on spaces.resource_id = costs.resource_id
where spaces.retention_days > coalesce(getvariable('retention_days'), 90)
