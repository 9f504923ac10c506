-- The management groups above each subscription.
-- grain: one row per subscription and management group above it
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   management_group_id: Management group, lower case.
--   management_group_name: Its name for people.
--   distance: 1 for the nearest group, more for those above it.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
with unnested as (
    select
        _scope_id,
        _loaded_at,
        listed.last_success_at,
        unnest(management_groups::json[]) as parent,
        generate_subscripts(management_groups::json[], 1) as distance,
    from raw.subscription_ancestors as items
    left join meta.last_success as listed on listed.table_name = 'subscription_ancestors' and listed.scope_id = items._scope_id
)

select
    _scope_id as sub_account_id,
    lower(parent ->> '$.name') as management_group_id,
    parent ->> '$.displayName' as management_group_name,
    distance::int as distance,
    _loaded_at as valid_from,
    last_success_at as loaded_at,
from unnested
