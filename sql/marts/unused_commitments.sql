-- What of each reservation and savings plan was paid for and not used in the last 30 complete days; only the amortized cost shows it.
-- grain: one row per commitment and billing currency with an unused part
-- source: amortized rows of ChargeType UnusedReservation and UnusedSavingsPlan; FOCUS says Unused of the commitment
-- columns:
--   commitment_id: Id of the reservation or savings plan, lower case.
--   commitment_type: reservation or savings_plan.
--   commitment_label: Its name on the bill; its id where it has none.
--   billing_currency: Currency of the amount.
--   unused_cost: Amortized cost of the unused part.
--   window_end_date: Last of the 30 days (UTC).
with windows as (
    select max(window_end_date) as last_day from marts.cost_windows
),

unused as (
    select
        charges.commitment_discount_id,
        charges.commitment_discount_name,
        charges.billing_currency,
        charges.effective_cost,
        windows.last_day,
        case
            when charges.x_charge_type = 'UnusedReservation' then 'reservation'
            when charges.x_charge_type = 'UnusedSavingsPlan' then 'savings_plan'
            when charges.commitment_discount_status is distinct from 'Unused' then null
            when charges.commitment_discount_type ilike 'reservation' then 'reservation'
            when charges.commitment_discount_type ilike 'savings%plan' then 'savings_plan'
        end as commitment_type,
    from marts.charges as charges
    cross join windows
    where
        charges.commitment_discount_id is not null
        and charges.charge_period_start between windows.last_day - 29 and windows.last_day
)

select
    lower(commitment_discount_id) as commitment_id,
    commitment_type,
    any_value(coalesce(commitment_discount_name, commitment_discount_id)) as commitment_label,
    billing_currency,
    sum(effective_cost) as unused_cost,
    max(last_day) as window_end_date,
from unused
where commitment_type is not null
group by lower(commitment_discount_id), commitment_type, billing_currency
having sum(effective_cost) > 0
