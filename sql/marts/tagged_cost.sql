-- Cost by resource with its effective tags: those of the charge itself first, then those of the resource, its resource
--   group and its subscription. What has no tag is told apart by why.
-- grain: one row per month, subscription, service, resource, set of tags on the charge, and billing currency
-- parameters:
--   first_day := null: First day (UTC); default: all that is held.
--   last_day := null: Last day (UTC), inclusive; default: all that is held.
--   source := 'marts.charges': What to read; 'marts.charges_now' is faster.
-- example: marts.tagged_cost(first_day := date '2026-10-01', last_day := date '2026-10-31')
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
with items as materialized (
    select
        charges.billing_month,
        charges.sub_account_id,
        charges.service_name,
        charges.resource_type,
        charges.resource_id,
        charges.billing_currency,
        charges.tags::varchar as written,
        sum(charges.billed_cost) as billed_cost,
        sum(charges.effective_cost) as effective_cost,
    from query_table(source) as charges
    where charges.charge_period_start between coalesce(first_day, date '1900-01-01') and coalesce(last_day, date '9999-12-31')
    group by all
),

own_tags as (
    select written, lower(written_key) as tag_key,
        min(json_extract_string(written::json, '$."' || replace(written_key, '"', '\"') || '"')) as tag_value,
    from (
        select written, unnest(json_keys(written::json)) as written_key,
        from (select distinct written from items where written is not null)
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
from items
left join own on items.written = own.written
left join marts.resource_tag_sets as listed on items.resource_id = listed.resource_id
left join marts.tag_support as support on items.resource_type = support.resource_type
