-- Stopping apps does not stop the bill of their plan.
-- title: App Service plans with only stopped apps
-- severity: medium
-- category: usage
-- action: delete
-- confidence: medium
-- population: staging.app_service_plans
-- fix: Delete apps and plan, or move the plan to the Free tier while they rest.
-- source: PointFive hub: stopping an app does not stop the plan
with plans_stopped as (
    select server_farm_id, count(*) as app_count, max(modified_at) as modified_at
    from staging.web_apps
    where server_farm_id is not null
    group by server_farm_id
    having bool_and(state = 'stopped')
)

select
    plans.resource_id,
    'All of its apps are stopped (' || plans_stopped.app_count || ').' as finding,
    case when plans_stopped.app_count < plans.site_count then 'Not all of its apps could be listed.' end as unknown,
    case when lower(plans.sku_tier) in ('free', 'shared', 'dynamic', 'flexconsumption') then 'A plan of the tier ' || plans.sku_tier || ' is not billed while nothing runs.' end as spared,
    to_json({'sku_name': plans.sku_name, 'app_count': plans_stopped.app_count}) as evidence,
from staging.app_service_plans as plans
inner join plans_stopped on plans.resource_id = plans_stopped.server_farm_id
