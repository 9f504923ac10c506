-- Price sheets of Enterprise Agreements as Azure's API gives them, with normalised ids; empty where they were never switched on.
-- grain: one row per subscription asked, meter, part number and offer
-- columns:
--   sub_account_id: Subscription whose enrolment the sheet is of, /subscriptions/<guid>.
--   price_month: First day of the billing period the price is of, by its id; else of the month it was read in (UTC).
--   meter_id: Meter, lower case.
--   offer_id: Offer the price belongs to, such as MS-AZR-0017P; null where the sheet does not say.
--   unit_of_measure: What the price is for, such as 100 Hours.
--   unit_price: Price by the contract, in currency.
--   savings_plan: JSON of the prices under a savings plan.
--   loaded_at: Instant of the load (UTC).
select
    _scope_id as sub_account_id,
    coalesce(billing_month, date_trunc('month', _loaded_at at time zone 'UTC')::date) as price_month,
    lower(meter_id) as meter_id,
    meter_name,
    meter_category,
    meter_sub_category,
    meter_region,
    part_number,
    upper(offer_id) as offer_id,
    unit_of_measure,
    included_quantity,
    unit_price,
    upper(currency) as currency,
    savings_plan,
    _loaded_at as loaded_at,
from raw.price_sheet
