-- Subscriptions of the lake: those that can be seen now, and those that only have charges left.
-- grain: one row per subscription
-- columns:
--   sub_account_id: /subscriptions/<guid>, lower case.
--   subscription_id: The guid alone.
--   sub_account_name: Name given by its owner; the guid where the name is not known.
--   state: Enabled, Disabled, Warned, PastDue or Deleted; null when it cannot be seen any more.
--   quota_id: Names the offer.
--   is_visible: Whether the latest listing of subscriptions names it.
--   tags: JSON object of the subscription's own tags.
select
    coalesce(listed.sub_account_id, charged.sub_account_id) as sub_account_id,
    coalesce(listed.subscription_id, replace(charged.sub_account_id, '/subscriptions/', '')) as subscription_id,
    coalesce(listed.sub_account_name, replace(charged.sub_account_id, '/subscriptions/', '')) as sub_account_name,
    listed.state,
    listed.quota_id,
    listed.sub_account_id is not null as is_visible,
    listed.tags,
from staging.subscriptions as listed
full outer join (select distinct scope_id as sub_account_id from meta.chunks where scope_id like '/subscriptions/%' and scope_id not like '/subscriptions/%/%') as charged
    on listed.sub_account_id = charged.sub_account_id
