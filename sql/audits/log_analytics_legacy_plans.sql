-- Log Analytics workspaces on old price plans cannot use commitment tiers.
-- title: Log Analytics workspaces on legacy plans
-- severity: low
-- category: rate
-- action: change
-- saving: at_stake
-- population: staging.log_analytics_workspaces
-- fix: Compare with pay as you go or a commitment tier; there is no way back.
-- source: mindaugas rule; Azure Monitor legacy pricing tiers
select
    resource_id,
    'On the plan ' || plan || '.' as finding,
    case when plan = 'free' then 'The free plan is not billed.' end as spared,
    to_json({'plan': plan, 'commitment_gb': commitment_gb, 'retention_days': retention_days}) as evidence,
from staging.log_analytics_workspaces
where plan in ('pernode', 'standalone', 'standard', 'premium', 'free')
