-- Cost by resource with its effective tags: those of the charge itself first, then those of the resource, its resource
--   group and its subscription. What has no tag is told apart by why.
-- grain: one row per row of items
-- base_of: marts.tagged_cost
-- parameters:
--   items: Name of what marts.written_tags gave, such as that of a WITH.
-- example: (with within as (from marts.charges_within(date '2026-10-01', date '2026-10-31')), items as (from marts.written_tags('within')) from marts.effective_tags('items'))
-- columns:
--   billing_month: First day of the calendar month (UTC).
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   service_name: Service by the bill.
--   resource_type: Resource type, lower case; null without a resource.
--   resource_id: Resource; null for charges without one.
--   billing_currency: Currency of the amounts; never add different ones.
--   tags: Effective tags, key (lower case) to value.
--   untagged_state: What it counts as for a tag that it does not have: untagged, untaggable (no resource, or a type that cannot have tags) or unknown (neither the bill nor a listing tells its tags).
--   billed_cost: Actual cost, before tax; null when not loaded.
--   effective_cost: Amortized cost; null when not loaded.
with own_tags as (
    select written, lower(written_key) as tag_key,
        min(json_extract_string(written::json, '$."' || replace(written_key, '"', '\"') || '"')) as tag_value,
    from (
        select written, unnest(json_keys(written::json)) as written_key,
        from (select distinct written from query_table(items) where written is not null)
    )
    group by all
),

own as (
    select written, map_from_entries(list({'k': tag_key, 'v': tag_value})) as tags,
    from own_tags
    group by written
)

select
    items.billing_month,
    items.sub_account_id,
    items.service_name,
    items.resource_type,
    items.resource_id,
    items.billing_currency,
    case
        when own.tags is null then coalesce(listed.tags, map([]::varchar[], []::varchar[]))
        else map_concat(coalesce(listed.tags, map([]::varchar[], []::varchar[])), own.tags)
    end as tags,
    case
        when items.resource_id is null or support.supports_tags is false then 'untaggable'
        when items.written is null and listed.resource_id is null then 'unknown'
        else 'untagged'
    end as untagged_state,
    items.billed_cost,
    items.effective_cost,
from query_table(items) as items
left join own on items.written = own.written
left join marts.resource_tag_sets as listed on items.resource_id = listed.resource_id
left join marts.tag_support as support on items.resource_type = support.resource_type
