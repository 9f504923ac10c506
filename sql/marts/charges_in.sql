-- Charges converted into a currency by the user's own dated rates: the newest rate at or before the day of each charge.
--   Without such a rate the converted amounts are null, never guessed.
-- grain: one row per charge
-- source: rates of the user's files in the folder business; nothing else is ever used to convert
-- parameters:
--   currency: Code of the currency to convert into, such as 'EUR'.
-- example: marts.charges_in('EUR')
-- columns:
--   converted_currency: The currency asked for.
--   rate: What was multiplied with; 1 where the charge is in that currency; null without a rate.
--   rate_date: Day of that rate; null without one, and where nothing had to be converted.
--   rate_source: File of that rate.
--   converted_billed_cost: Actual cost in the currency asked for, rounded to 12 decimals; null without a rate.
--   converted_effective_cost: Amortized cost in the currency asked for, rounded to 12 decimals; null without a rate.
with pairs as (
    select rate_date, from_currency as billing_currency, rate::decimal(38, 12) as rate, file_name,
    from staging.exchange_rates
    where to_currency = upper(currency)
),

rates as (
    select *, lead(rate_date, 1, date '9999-12-31') over (partition by billing_currency order by rate_date) as next_date,
    from (select distinct on (billing_currency, rate_date) * from pairs order by billing_currency, rate_date, file_name)
),

rated as (
    select
        charges.*,
        upper(currency) as converted_currency,
        if(charges.billing_currency = upper(currency), 1::decimal(38, 12), rates.rate) as rate,
        if(charges.billing_currency = upper(currency), null, rates.rate_date) as rate_date,
        if(charges.billing_currency = upper(currency), null, rates.file_name) as rate_source,
    from marts.charges as charges
    left join rates
        on charges.billing_currency = rates.billing_currency
        and charges.charge_period_start >= rates.rate_date
        and charges.charge_period_start < rates.next_date
)

select
    *,
    (billed_cost::decimal(26, 12) * rate::decimal(18, 12))::decimal(38, 12) as converted_billed_cost,
    (effective_cost::decimal(26, 12) * rate::decimal(18, 12))::decimal(38, 12) as converted_effective_cost,
from rated
