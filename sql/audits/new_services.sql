-- A service that a subscription pays for the first time this month may be wanted, or a mistake.
-- title: Services charged for the first time
-- severity: low
-- category: governance
-- action: review
-- saving: at_stake
-- population: marts.cost_windows
-- fix: Ask the owner of the subscription whether it is wanted.
-- source: Own rule: first month of a service in a subscription, where older months are known
with months as (
    select sub_account_id, service_name, billing_currency, min(billing_month) as first_month, sum(billed_cost) as cost
    from marts.charges
    where service_name is not null and sub_account_id is not null
    group by all
),

known as (
    select sub_account_id, min(billing_month) as first_month, max(billing_month) as last_month
    from marts.charges
    where sub_account_id is not null
    group by all
)

select
    months.sub_account_id || '#' || months.service_name || '#' || months.billing_currency as resource_id,
    'Charged for the first time in ' || strftime(months.first_month, '%Y-%m') || '.' as finding,
    true as is_of_the_bill,
    months.sub_account_id,
    months.service_name as resource_name,
    months.first_month::timestamp at time zone 'UTC' as since_at,
    to_json({'cost': months.cost, 'billing_currency': months.billing_currency, 'first_month': months.first_month}) as evidence,
from months
inner join known using (sub_account_id)
where
    months.first_month = known.last_month
    and known.first_month < known.last_month
    and months.cost >= coalesce(getvariable('new_service_cost'), 1)
