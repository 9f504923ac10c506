-- Since when, and until when, a resource, resource group or subscription carried a tag itself, by the lake's memory.
--   A change of anything else does not begin a new interval.
-- grain: one row per holder, tag key and interval in which its value was the same
-- example: select holder_id, tag_key, tag_value, valid_from, valid_to from marts.tag_history
--   where valid_to is not null order by valid_to desc limit 20
-- columns:
--   holder_id: Full ARM id of the resource, resource group or subscription, lower case.
--   holder_kind: resource, resource_group or subscription.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   tag_key: Key in lower case.
--   tag_value: Value as written.
--   valid_from: Instant since which it was carried, as far as the lake knows (UTC).
--   valid_to: Instant from which it was no longer carried (UTC); null for a tag that is carried now.
with named as (
    select *, unnest(json_keys(tags)) as written_key,
    from staging.tag_holders
    where tags is not null
),

held as (
    select
        * exclude (tags, written_key),
        lower(written_key) as tag_key,
        json_extract_string(tags, '$."' || replace(written_key, '"', '\"') || '"') as tag_value,
    from named
),

marked as (
    select
        *,
        tag_value is not distinct from lag(tag_value) over of_tag
        and valid_from <= lag(valid_to) over of_tag as goes_on,
    from held
    window of_tag as (partition by holder_id, tag_key order by valid_from, valid_to nulls last)
),

numbered as (
    select
        *,
        count(*) filter (where goes_on is not true) over (
            partition by holder_id, tag_key
            order by valid_from, valid_to nulls last
            rows between unbounded preceding and current row
        ) as island,
    from marked
)

select
    holder_id,
    holder_kind,
    any_value(sub_account_id) as sub_account_id,
    tag_key,
    any_value(tag_value) as tag_value,
    min(valid_from) as valid_from,
    case when bool_or(valid_to is null) then null else max(valid_to) end as valid_to,
from numbered
group by holder_id, holder_kind, tag_key, island
