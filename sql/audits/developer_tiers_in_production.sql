-- A developer tier in production has no guarantee, and is no bargain when it fails.
-- title: Developer tiers in production
-- severity: medium
-- category: reliability
-- action: review
-- saving: free
-- population: staging.capacity_units
-- fix: Choose a tier with a guarantee, or move it out of production.
-- source: API Management: the developer tier has no service level agreement
select
    units.resource_id,
    'A developer tier in a group that its name or tag says is of production.' as finding,
    to_json({'sku_name': units.sku_name, 'resource_type': units.resource_type}) as evidence,
from staging.capacity_units as units
where
    lower(units.sku_name) = 'developer'
    and (
        regexp_matches(lower(coalesce(units.tags, '')), '"(env|environment|stage)"\s*:\s*"(prod|prd)')
        or regexp_matches(units.resource_group_name, '(^|[-_])(prod|prd|production)([-_]|$)')
    )
