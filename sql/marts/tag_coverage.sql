-- How much of the cost carries which tag, by what is counted: every key's rows add up to the whole cost.
-- grain: one row per month, subscription, service, resource type, billing currency, tag key and state
-- example: select tag_key, tag_state, billing_currency, sum(billed_cost) as cost from marts.tag_coverage
--   where billing_month = date_trunc('month', current_date) group by all order by all
-- columns:
--   billing_month: First day of the calendar month (UTC).
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   sub_account_name: Its name.
--   service_name: Service by the bill.
--   resource_type: Resource type, lower case; null without a resource.
--   tag_key: Key in lower case; every key that any charge of the lake has, by marts.tagged_cost.
--   tag_state: tagged (a value that is not empty), untagged, untaggable (no resource, or a type that cannot have tags) or unknown (neither the bill nor a listing tells).
--   billing_currency: Currency of the amounts; never add different ones.
--   billed_cost: Actual cost, before tax; null when not loaded.
--   effective_cost: Amortized cost; null when not loaded.
--   resource_count: Resources; one that has the tag on a part of its charges counts as tagged.
with charged as (
    select * from marts.tagged_cost()
),

tagged as (
    select
        billing_month, sub_account_id, service_name, resource_type, billing_currency, untagged_state,
        tag.key as tag_key,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        count(distinct resource_id) as resource_count,
    from (select *, unnest(map_entries(tags)) as tag from charged)
    where tag.value <> ''
    group by all
),

whole as (
    select
        billing_month, sub_account_id, service_name, resource_type, billing_currency, untagged_state,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        count(distinct resource_id) as resource_count,
    from charged
    group by all
),

keyed as (
    select
        whole.*,
        keys.tag_key,
        coalesce(tagged.resource_count, 0) as tagged_count,
        tagged.tag_key is not null as is_tagged,
        tagged.billed_cost as tagged_billed_cost,
        tagged.effective_cost as tagged_effective_cost,
    from whole
    cross join (select distinct tag_key from tagged) as keys
    left join tagged
        on keys.tag_key = tagged.tag_key
        and whole.billing_month = tagged.billing_month
        and whole.sub_account_id is not distinct from tagged.sub_account_id
        and whole.service_name is not distinct from tagged.service_name
        and whole.resource_type is not distinct from tagged.resource_type
        and whole.billing_currency is not distinct from tagged.billing_currency
        and whole.untagged_state = tagged.untagged_state
),

every as (
    select * exclude (untagged_state), 'tagged' as tag_state, tagged_billed_cost as part_billed_cost,
        tagged_effective_cost as part_effective_cost, tagged_count as part_count,
    from keyed
    where is_tagged
    union all
    select * exclude (untagged_state), untagged_state, billed_cost - case when is_tagged then tagged_billed_cost else 0 end,
        effective_cost - case when is_tagged then tagged_effective_cost else 0 end, resource_count - tagged_count,
    from keyed
)

select
    every.billing_month,
    every.sub_account_id,
    subscriptions.sub_account_name,
    every.service_name,
    every.resource_type,
    every.tag_key,
    every.tag_state,
    every.billing_currency,
    sum(every.part_billed_cost) as billed_cost,
    sum(every.part_effective_cost) as effective_cost,
    sum(every.part_count)::bigint as resource_count,
from every
left join marts.subscriptions as subscriptions using (sub_account_id)
group by all
having sum(every.part_count) > 0 or sum(every.part_billed_cost) <> 0 or sum(every.part_effective_cost) <> 0
