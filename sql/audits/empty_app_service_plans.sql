-- App Service plans are billed for their machines whether or not an app runs on them.
-- title: Empty App Service plans
-- severity: high
-- category: usage
-- action: delete
-- population: staging.app_service_plans
-- fix: Delete the plan, or put apps of other plans on it.
-- source: azure-orphan-resources; apps and slots are counted by their serverFarmId, too
select
    plans.resource_id,
    'No app runs on it.' as finding,
    case
        when lower(plans.sku_tier) in ('free', 'shared', 'dynamic', 'flexconsumption')
            then 'A plan of the tier ' || plans.sku_tier || ' is not billed while nothing runs.'
        when plans.environment_id is not null then 'Lies in an App Service environment, which is billed as a whole.'
    end as spared,
    to_json({'sku_name': plans.sku_name, 'sku_tier': plans.sku_tier, 'sku_capacity': plans.sku_capacity}) as evidence,
from staging.app_service_plans as plans
anti join staging.web_apps as apps on plans.resource_id = apps.server_farm_id
where coalesce(plans.site_count, 0) = 0
