-- Charges that name no resource (Marketplace, support, purchases, rounding) are easily overlooked.
-- title: Charges without a resource
-- severity: low
-- category: governance
-- action: review
-- saving: at_stake
-- population: marts.cost_windows
-- fix: Find out who bought it, and whether it is still needed.
-- source: Own rule: ResourceId is empty; such charges must be shown, not dropped
with windows as (
    select max(window_end_date) as last_day from marts.cost_windows
),

costs as (
    select
        charges.sub_account_id,
        charges.service_name,
        charges.billing_currency,
        sum(charges.billed_cost) as cost,
        count(*) as charge_count,
    from marts.charges as charges
    cross join windows
    where
        charges.resource_id is null
        and charges.charge_period_start between windows.last_day - 29 and windows.last_day
    group by charges.sub_account_id, charges.service_name, charges.billing_currency
    having sum(charges.billed_cost) >= coalesce(getvariable('unnamed_cost'), 1)
)

select
    coalesce(sub_account_id, 'no subscription') || '#' || coalesce(service_name, 'no service') || '#' || billing_currency as resource_id,
    'Charges of the last 30 complete days that name no resource.' as finding,
    true as is_of_the_bill,
    sub_account_id,
    coalesce(service_name, 'no service') as resource_name,
    to_json({'cost': cost, 'billing_currency': billing_currency, 'charge_count': charge_count}) as evidence,
from costs
