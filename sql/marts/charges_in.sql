-- Charges converted into a currency by the user's own dated rates: the newest rate at or before the day of each charge.
--   Without such a rate the converted amounts are null, never guessed.
-- grain: one row per charge
-- source: rates of the user's files in the folder business; nothing else is ever used to convert
-- parameters:
--   currency: Code of the currency to convert into, such as 'EUR'.
-- example: marts.charges_in('EUR')
-- columns:
--   availability_zone: Availability zone of the resource.
--   billed_cost: Actual cost: what the invoice is made of, before tax; purchases on their day, refunds negative. Null when not loaded.
--   billing_account_id: Account that receives the invoice, as the cloud names it.
--   billing_account_name: Its name.
--   billing_account_type: What the cloud calls such an account, such as Billing Profile.
--   billing_currency: Currency of the amounts; amounts of different currencies are never added.
--   billing_period_end: Day after the last of the billing period (UTC).
--   billing_period_start: First day of the billing period (UTC).
--   capacity_reservation_id: Capacity reservation that the charge belongs to.
--   capacity_reservation_status: Whether that capacity was Used or Unused.
--   charge_category: Usage, Purchase, Tax, Credit or Adjustment.
--   charge_class: Correction for a change to an invoiced period; else null.
--   charge_description: What was charged, in words.
--   charge_frequency: One-Time, Recurring or Usage-Based.
--   charge_period_end: Day after the last of the charge (UTC; the end is exclusive).
--   charge_period_start: UTC day of the charge, or its first.
--   commitment_discount_category: Spend or Usage: what the commitment is about.
--   commitment_discount_id: Reservation or savings plan that was bought, used or left unused.
--   commitment_discount_name: Name of the commitment.
--   commitment_discount_quantity: Quantity of the commitment that was bought or used.
--   commitment_discount_status: Used, or Unused for the part that nothing took; null for purchases.
--   commitment_discount_type: What the cloud calls it, such as Reservation or Savings Plan.
--   commitment_discount_unit: Unit of commitment_discount_quantity.
--   consumed_quantity: Quantity that was used; null for what is not usage.
--   consumed_unit: Unit of consumed_quantity.
--   contracted_cost: contracted_unit_price times pricing_quantity: before commitments.
--   contracted_unit_price: Price of one pricing unit after negotiated discounts.
--   effective_cost: Amortized cost: commitments spread over their term, and 0 for their purchase. Null when not loaded. Never add it to billed_cost.
--   invoice_id: Invoice that bills the charge; null until it is issued.
--   invoice_issuer_name: Who issues the invoice.
--   list_cost: list_unit_price times pricing_quantity: without any discount.
--   list_unit_price: Public price of one pricing unit.
--   pricing_category: Standard, Dynamic (spot), Committed or Other.
--   pricing_currency: Currency of the price list.
--   pricing_currency_contracted_unit_price: contracted_unit_price in the pricing currency.
--   pricing_currency_effective_cost: effective_cost in the pricing currency.
--   pricing_currency_list_unit_price: list_unit_price in the pricing currency.
--   pricing_quantity: Quantity in pricing units.
--   pricing_unit: Unit that prices are for, such as 100 Hours.
--   provider_name: Cloud that provides it, such as Microsoft, AWS, Google Cloud or Oracle.
--   publisher_name: Who makes the product, such as a marketplace vendor.
--   region_id: Region, such as westeurope; null where the bill names none.
--   region_name: Region as people know it.
--   resource_id: Resource by its full id (lower case for Azure); null for charges without one.
--   resource_name: Name of the resource.
--   resource_type: Kind of the resource, such as microsoft.compute/disks for Azure's own sources.
--   service_category: FOCUS's category of the service, such as Compute.
--   service_name: Service by the bill, such as Virtual Machines.
--   service_subcategory: FOCUS's subcategory of the service.
--   sku_id: Id of what was bought, whatever its price.
--   sku_meter: What the price counts, such as the name of the meter.
--   sku_price_details: JSON of what makes up the price.
--   sku_price_id: Id of the price.
--   sub_account_id: Subscription, /subscriptions/<guid> in lower case; another cloud's account or project as written.
--   sub_account_name: Name of the subscription or account on the bill.
--   sub_account_type: What the cloud calls it, such as Subscription.
--   tags: JSON object of the resource's tags on that day.
--   x_resource_group_name: Resource group, lower case; null for charges without one.
--   x_billed_cost_usd: billed_cost in US dollars by Azure's own rate.
--   x_effective_cost_usd: effective_cost in US dollars by Azure's own rate.
--   x_list_cost_usd: list_cost in US dollars by Azure's own rate.
--   x_meter_id: GUID of Azure's meter.
--   x_meter_category: Service the meter counts.
--   x_meter_subcategory: Kind of the service.
--   x_invoice_section_id: Invoice section (MCA) or department (EA).
--   x_invoice_section_name: Its name.
--   x_billing_profile_id: Billing profile (MCA) or enrolment (EA).
--   x_billing_profile_name: Its name.
--   x_account_name: EA enrolment account.
--   x_cost_center: Cost centre of the invoice section or enrolment.
--   x_charge_type: Azure's ChargeType as written: Usage, Purchase, Refund, UnusedReservation, UnusedSavingsPlan, RoundingAdjustment, Tax ...
--   x_pricing_model: Azure's PricingModel: OnDemand, Reservation, SavingsPlan or Spot.
--   x_publisher_type: Microsoft (or Azure), Marketplace or AWS, as written.
--   x_offer_id: Offer of the subscription, such as MS-AZR-0017P.
--   x_term: Term of the commitment, as written.
--   x_additional_info: JSON of further detail, such as the size of a machine.
--   x_cost_allocation_rule_name: Cost allocation rule that made the charge.
--   x_exchange_rate: Rate from the pricing to the billing currency.
--   x_effective_unit_price: Price of one unit after all discounts, commitments included.
--   billing_month: First day of the calendar month (UTC) of the charge.
--   x_source: Where the charge came from: focus, cost_details, cost_export, usage_details or query.
--   x_scope_id: What was asked: the scope of a query or report, or the export or file the charge came with.
--   x_loaded_at: Instant at which the lake learned the row as it is (UTC); a reload that brings the same row leaves it.
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
        case when charges.billing_currency = upper(currency) then 1::decimal(38, 12) else rates.rate end as rate,
        case when charges.billing_currency = upper(currency) then null else rates.rate_date end as rate_date,
        case when charges.billing_currency = upper(currency) then null else rates.file_name end as rate_source,
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
