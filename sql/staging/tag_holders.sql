-- What a resource, resource group or subscription was tagged with, as far as the lake remembers: every row that was
--   ever listed, with its interval.
-- grain: one row per holder and interval in which its row did not change
-- columns:
--   holder_id: Full ARM id of the resource, resource group or subscription, lower case.
--   holder_kind: resource, resource_group or subscription.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   tags: JSON object of its own tags; null when it has none.
--   valid_from: Instant of the load since which the row was known (UTC).
--   valid_to: Instant of the load from which it no longer held (UTC); null for what holds now.
select lower(id) as holder_id, 'resource' as holder_kind, _scope_id as sub_account_id, tags,
    _loaded_at as valid_from, null::timestamptz as valid_to,
from raw.resources
union all
select lower(id), 'resource', _scope_id, tags, _loaded_at, _valid_to,
from history.resources
union all
select lower(id), 'resource_group', _scope_id, tags, _loaded_at, null::timestamptz,
from raw.resource_groups
union all
select lower(id), 'resource_group', _scope_id, tags, _loaded_at, _valid_to,
from history.resource_groups
union all
select '/subscriptions/' || lower(subscription_id), 'subscription', '/subscriptions/' || lower(subscription_id), tags,
    _loaded_at, null::timestamptz,
from raw.subscriptions
union all
select '/subscriptions/' || lower(subscription_id), 'subscription', '/subscriptions/' || lower(subscription_id), tags,
    _loaded_at, _valid_to,
from history.subscriptions
