-- Tags of the resources that exist now; a resource group's tags count for what its resources do not set themselves.
-- grain: one row per resource and tag key
-- example: select tag_value, billing_currency, sum(billed_cost) as cost from marts.charges join marts.resource_tags
--   using (resource_id) where tag_key = 'env' group by all order by cost desc
-- columns:
--   resource_id: Full ARM id, lower case.
--   tag_key: Key in lower case: Azure compares keys without case.
--   tag_value: Value as written; Azure compares values with case.
--   tag_origin: resource or resource_group.
with own as (
    select
        resource_id,
        sub_account_id,
        resource_group_name,
        unnest(json_keys(tags)) as tag_key,
        tags,
    from staging.resources
),

of_group as (
    select
        sub_account_id,
        resource_group_name,
        unnest(json_keys(tags)) as tag_key,
        tags,
    from staging.resource_groups
),

every as (
    select
        resource_id,
        lower(tag_key) as tag_key,
        json_extract_string(tags, '$."' || replace(tag_key, '"', '\"') || '"') as tag_value,
        'resource' as tag_origin,
    from own
    union all
    select
        resources.resource_id,
        lower(of_group.tag_key) as tag_key,
        json_extract_string(of_group.tags, '$."' || replace(of_group.tag_key, '"', '\"') || '"') as tag_value,
        'resource_group' as tag_origin,
    from of_group
    inner join staging.resources as resources using (sub_account_id, resource_group_name)
)

select
    resource_id,
    tag_key,
    arg_min(tag_value, case tag_origin when 'resource' then 0 else 1 end) as tag_value,
    arg_min(tag_origin, case tag_origin when 'resource' then 0 else 1 end) as tag_origin,
from every
group by resource_id, tag_key
