-- The part of a savings plan that nothing used is paid for all the same; only the amortized cost shows it.
-- title: Unused part of savings plans
-- severity: high
-- category: rate
-- action: commit
-- saving: given
-- saving_from: amortized_cost_of_the_unused_part
-- confidence: high
-- population: staging.savings_plans
-- fix: Widen the scope of the savings plan, move usage under it.
-- source: amortized rows of ChargeType UnusedSavingsPlan
with windows as (
    select max(window_end_date) as last_day from marts.cost_windows
),

unused as (
    select
        charges.commitment_discount_id,
        any_value(charges.commitment_discount_name) as commitment_discount_name,
        charges.billing_currency,
        sum(charges.effective_cost) as cost,
    from marts.charges as charges
    cross join windows
    where
        charges.commitment_discount_id is not null
        and charges.charge_period_start between windows.last_day - 29 and windows.last_day
        and (
            charges.x_charge_type = 'UnusedSavingsPlan'
            or (charges.commitment_discount_status = 'Unused' and charges.commitment_discount_type ilike 'savings%plan')
        )
    group by charges.commitment_discount_id, charges.billing_currency
    having sum(charges.effective_cost) > 0
)

select
    lower(commitment_discount_id) as resource_id,
    'Paid for and not used in the last 30 complete days.' as finding,
    true as is_of_the_bill,
    coalesce(commitment_discount_name, commitment_discount_id) as resource_name,
    cost as given_saving,
    billing_currency as given_currency,
    to_json({'window_end_date': windows.last_day}) as evidence,
from unused
cross join windows
