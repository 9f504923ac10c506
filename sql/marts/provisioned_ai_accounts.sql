-- AI accounts whose bill has throughput of models that is provisioned, and so paid for whether or not it is used.
-- grain: one row per account with a charge for provisioned units in the last 30 complete days; sources of cost that tell no meter have none
-- base_of: audits.idle_provisioned_openai_deployments
-- stored: whole
-- source: meters Provisioned Managed Regional, Global and Data Zone Unit (Azure Retail Prices API)
-- columns:
--   provisioned_cost: Billed cost of those units in the window; of an account billed in several currencies, the largest one.
--   provisioned_currency: Its currency.
--   provisioned_days: Days of the window with such a charge.
with provisioned as (
    select
        resource_id,
        billing_currency as provisioned_currency,
        sum(billed_cost) as provisioned_cost,
        max(charged_days) as provisioned_days,
    from marts.resource_meter_cost_last_30_days
    where regexp_matches(sku_meter, '^provisioned managed .*unit$', 'i')
    group by resource_id, billing_currency
    qualify row_number() over (partition by resource_id order by sum(billed_cost) desc, billing_currency) = 1
)

select
    accounts.resource_id,
    accounts.sub_account_id,
    accounts.resource_group_name,
    accounts.resource_name,
    accounts.location,
    accounts.loaded_at,
    provisioned.provisioned_cost,
    provisioned.provisioned_currency,
    provisioned.provisioned_days,
from staging.graph_resources as accounts
inner join provisioned using (resource_id)
where accounts.resource_type = 'microsoft.cognitiveservices/accounts'
