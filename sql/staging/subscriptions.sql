-- Subscriptions the sign-in can see, with normalised ids.
-- grain: one row per subscription
-- columns:
--   sub_account_id: /subscriptions/<guid>, lower case; the key everywhere in the lake.
--   subscription_id: The guid alone, lower case.
--   sub_account_name: Name given by its owner; not unique.
--   state: Enabled, Disabled, Warned, PastDue or Deleted; a disabled one still has cost data.
--   quota_id: Names the offer, such as EnterpriseAgreement_2014-09-01.
--   spending_limit: On, Off or CurrentPeriodOff.
--   tenant_id: Directory the subscription trusts.
--   tags: JSON object of the subscription's own tags.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    '/subscriptions/' || lower(subscription_id) as sub_account_id,
    lower(subscription_id) as subscription_id,
    display_name as sub_account_name,
    state,
    quota_id,
    spending_limit,
    lower(tenant_id) as tenant_id,
    tags,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.subscriptions as subscriptions
left join meta.last_success as listed on listed.table_name = 'subscriptions' and listed.scope_id = subscriptions._scope_id
