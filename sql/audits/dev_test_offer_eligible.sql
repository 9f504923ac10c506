-- A subscription for development and test can be billed at the rates of the Dev/Test offer.
-- title: Subscriptions eligible for Dev/Test rates
-- severity: low
-- category: rate
-- action: change
-- saving: at_stake
-- population: staging.subscriptions
-- fix: Change the offer, if all who use it have Visual Studio subscriptions.
-- source: mindaugas rule by quotaId and environment tag
select
    subscriptions.sub_account_id as resource_id,
    'Pay as you go, and its tag says that it is for development or test.' as finding,
    true as is_of_the_bill,
    subscriptions.sub_account_id,
    subscriptions.sub_account_name as resource_name,
    to_json({'quota_id': subscriptions.quota_id, 'tags': subscriptions.tags}) as evidence,
from staging.subscriptions as subscriptions
where
    subscriptions.quota_id ilike 'PayAsYouGo%'
    and regexp_matches(lower(coalesce(subscriptions.tags, '')), '"(env|environment|stage)"\s*:\s*"(dev|development|test|tst|qa)')
