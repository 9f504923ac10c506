-- Effective tags of the resources that exist now, each from the nearest holder: the resource itself, else its resource
--   group, else its subscription. A tag on a charge itself comes before all of them where charges are grouped by tag.
-- grain: one row per resource and tag key
-- stored: whole
-- source: keys have no case and values have (Azure tag documentation); the precedence is ours, see docs/decisions.md
-- example: select tag_value, billing_currency, sum(billed_cost) as cost from marts.charges join marts.resource_tags
--   using (resource_id) where tag_key = 'env' group by all order by cost desc
-- columns:
--   resource_id: Full ARM id, lower case.
--   tag_key: Key in lower case: Azure compares keys without case.
--   tag_value: Value as written; Azure compares values with case.
--   tag_origin: resource, resource_group or subscription.
with holders as (
    select sub_account_id, resource_group_name, resource_id, 0 as place, 'resource' as tag_origin, tags,
    from staging.resources
    where tags is not null
    union all
    select sub_account_id, resource_group_name, null, 1, 'resource_group', tags,
    from staging.resource_groups
    where tags is not null
    union all
    select sub_account_id, null, null, 2, 'subscription', tags,
    from staging.subscriptions
    where tags is not null
),

named as (
    select *, unnest(json_keys(tags)) as written_key,
    from holders
),

held as (
    select
        * exclude (tags, written_key),
        lower(written_key) as tag_key,
        json_extract_string(tags, '$."' || replace(written_key, '"', '\"') || '"') as tag_value,
    from named
),

every as (
    select resource_id, tag_key, tag_value, tag_origin, place,
    from held
    where tag_origin = 'resource'
    union all
    select resources.resource_id, held.tag_key, held.tag_value, held.tag_origin, held.place,
    from held
    inner join staging.resources as resources using (sub_account_id, resource_group_name)
    where held.tag_origin = 'resource_group'
    union all
    select resources.resource_id, held.tag_key, held.tag_value, held.tag_origin, held.place,
    from held
    inner join staging.resources as resources using (sub_account_id)
    where held.tag_origin = 'subscription'
)

select
    resource_id,
    tag_key,
    arg_min(tag_value, place) as tag_value,
    arg_min(tag_origin, place) as tag_origin,
from every
group by resource_id, tag_key
