-- Charges by Azure's usage-detail lines (cost details report, consumption API, cost exports): actual and amortized joined.
-- grain: one row per scope, source and set of equal lines of a day, once for both readings
-- source: Convert Cost Management data to FOCUS (Microsoft Learn), which says how ChargeType, PricingModel, Frequency and BenefitId become FOCUS columns
-- stored: x_scope_id, billing_month
-- remembers: x_loaded_at
-- like: raw.focus_charges
-- columns:
--   billed_cost: Sum of the actual lines, before tax; 0 for what only the amortized reading has (unused commitments). Null when the actual reading is not loaded.
--   effective_cost: Sum of the amortized lines; 0 for what only the actual reading has (purchases of commitments). Null when the amortized reading is not loaded. Never add it to billed_cost.
--   charge_category: Usage (unused commitments included), Purchase (refunds included), Tax, Credit or Adjustment, by ChargeType.
--   charge_class: Correction for refunds; else null.
--   pricing_category: Standard, Dynamic (spot), Committed or Other, by PricingModel.
--   commitment_discount_id: BenefitId, else ReservationId, lower case.
--   service_name: ServiceName where the line has one, else MeterCategory, else ConsumedService.
--   pricing_quantity: Quantity; of the actual lines, or of the amortized ones where there are no others.
--   contracted_unit_price: UnitPrice.
--   contracted_cost: UnitPrice times Quantity, each to at most 12 and 9 decimals; by the line's own rate where it is priced in another currency than it is billed in, null where that is not known.
--   list_unit_price: PayGPrice; null where Azure gives 0 for what is not free.
--   list_cost: PaygCostInBillingCurrency, else PayGPrice times Quantity, as for contracted_cost.
--   x_effective_unit_price: EffectivePrice of the amortized lines, or of the actual ones where there are no others.
--   tags: JSON object of the resource's tags on that day, braces added where Azure leaves them out; null when it is no JSON.
with lines as (
    select *, 'cost_details' as source from raw.cost_details
    union all by name
    select *, 'cost_export' as source from raw.cost_exports
    union all by name
    select *, 'usage_details' as source from raw.usage_details
),

loaded as (
    select
        case table_name when 'cost_exports' then 'cost_export' else table_name end as source,
        scope_id,
        month,
        bool_or(metric = 'ActualCost' and last_success_at is not null) as has_actual,
        bool_or(metric = 'AmortizedCost' and last_success_at is not null) as has_amortized,
    from meta.chunks
    where table_name in ('cost_details', 'cost_exports', 'usage_details')
    group by all
),

normalised as (
    select
        * replace (
            '/' || ltrim(lower(nullif(trim(resource_id), '')), '/') as resource_id,
            lower(coalesce(nullif(benefit_id, ''), nullif(reservation_id, ''))) as benefit_id,
            lower(charge_type) as charge_type,
            lower(pricing_model) as pricing_model,
            case when trim(tags) like '{%' then tags when trim(tags) <> '' then '{' || tags || '}' end as tags,
            case when trim(additional_info) like '{%' then additional_info when trim(additional_info) <> '' then '{' || additional_info || '}' end as additional_info,
            nullif(payg_price, 0) as payg_price
        ),
        charge_type as written_charge_type,
        pricing_model as written_pricing_model,
        coalesce(nullif(resource_location_normalized, ''), nullif(resource_location, ''), nullif(location, '')) as region,
        _metric = 'AmortizedCost' as is_amortized,
    from lines
),

charges as (
    select
        _scope_id as x_scope_id,
        _month as billing_month,
        source as x_source,
        nullif(availability_zone, '') as availability_zone,
        nullif(billing_account_id, '') as billing_account_id,
        nullif(billing_account_name, '') as billing_account_name,
        upper(billing_currency) as billing_currency,
        billing_period_end_date + 1 as billing_period_end,
        billing_period_start_date as billing_period_start,
        case
            when charge_type in ('usage', 'unusedreservation', 'unusedsavingsplan') then 'Usage'
            when charge_type in ('purchase', 'refund') then 'Purchase'
            when charge_type = 'tax' then 'Tax'
            when charge_type = 'credit' then 'Credit'
            when charge_type <> '' then 'Adjustment'
        end as charge_category,
        case when charge_type = 'refund' then 'Correction' end as charge_class,
        nullif(product_name, '') as charge_description,
        case lower(frequency) when 'onetime' then 'One-Time' when 'recurring' then 'Recurring' when 'usagebased' then 'Usage-Based' end as charge_frequency,
        date as charge_period_start,
        case
            when benefit_id is null then null
            when benefit_id like '%/microsoft.billingbenefits/%' or pricing_model = 'savingsplan' then 'Spend'
            else 'Usage'
        end as commitment_discount_category,
        benefit_id as commitment_discount_id,
        coalesce(nullif(benefit_name, ''), nullif(reservation_name, '')) as commitment_discount_name,
        case
            when charge_type in ('unusedreservation', 'unusedsavingsplan') then 'Unused'
            when charge_type = 'usage' and pricing_model in ('reservation', 'savingsplan') then 'Used'
        end as commitment_discount_status,
        case
            when benefit_id is null then null
            when benefit_id like '%/microsoft.billingbenefits/%' or pricing_model = 'savingsplan' then 'Savings Plan'
            else 'Reservation'
        end as commitment_discount_type,
        nullif(invoice_id, '') as invoice_id,
        coalesce(nullif(partner_name, ''), 'Microsoft') as invoice_issuer_name,
        case
            when pricing_model = 'ondemand' then 'Standard'
            when pricing_model = 'spot' then 'Dynamic'
            when pricing_model in ('reservation', 'savingsplan') then 'Committed'
            when pricing_model <> '' then 'Other'
        end as pricing_category,
        upper(pricing_currency) as pricing_currency,
        nullif(unit_of_measure, '') as pricing_unit,
        case when lower(publisher_type) = 'aws' or lower(provider) = 'aws' then 'AWS' else 'Microsoft' end as provider_name,
        nullif(publisher_name, '') as publisher_name,
        nullif(nullif(replace(lower(region), ' ', ''), 'unassigned'), 'unknown') as region_id,
        region as region_name,
        resource_id,
        coalesce(nullif(regexp_extract(resource_id, '([^/]+)$', 1), ''), nullif(resource_name, '')) as resource_name,
        coalesce(
            nullif(
                array_to_string(
                    list_prepend(
                        string_split(split_part(resource_id, '/providers/', -1), '/')[1],
                        string_split(split_part(resource_id, '/providers/', -1), '/')[2:-:2]
                    ),
                    '/'
                ),
                ''
            ),
            lower(nullif(resource_type, ''))
        ) as resource_type,
        coalesce(nullif(service_name, ''), nullif(meter_category, ''), nullif(consumed_service, '')) as service_name,
        nullif(product_id, '') as sku_id,
        nullif(meter_name, '') as sku_meter,
        nullif(part_number, '') as sku_price_id,
        coalesce(
            '/subscriptions/' || lower(nullif(subscription_id, '')),
            nullif(regexp_extract(_scope_id, '^(/subscriptions/[^/]+)', 1), '')
        ) as sub_account_id,
        nullif(subscription_name, '') as sub_account_name,
        case when json_valid(tags) then tags end as tags,
        lower(coalesce(nullif(regexp_extract(resource_id, '/resourcegroups/([^/]+)', 1), ''), nullif(resource_group, ''))) as x_resource_group_name,
        lower(nullif(meter_id, '')) as x_meter_id,
        nullif(meter_category, '') as x_meter_category,
        nullif(meter_sub_category, '') as x_meter_subcategory,
        nullif(invoice_section_id, '') as x_invoice_section_id,
        nullif(invoice_section_name, '') as x_invoice_section_name,
        nullif(billing_profile_id, '') as x_billing_profile_id,
        nullif(billing_profile_name, '') as x_billing_profile_name,
        nullif(account_name, '') as x_account_name,
        nullif(cost_center, '') as x_cost_center,
        nullif(written_charge_type, '') as x_charge_type,
        nullif(written_pricing_model, '') as x_pricing_model,
        nullif(publisher_type, '') as x_publisher_type,
        nullif(offer_id, '') as x_offer_id,
        nullif(term, '') as x_term,
        case when json_valid(additional_info) then additional_info end as x_additional_info,
        nullif(cost_allocation_rule_name, '') as x_cost_allocation_rule_name,
        sum(cost_in_billing_currency) filter (where not is_amortized) as actual_cost,
        sum(cost_in_billing_currency) filter (where is_amortized) as amortized_cost,
        sum(cost_in_usd) filter (where not is_amortized) as actual_cost_usd,
        sum(cost_in_usd) filter (where is_amortized) as amortized_cost_usd,
        sum(cost_in_pricing_currency) filter (where is_amortized) as amortized_pricing_cost,
        coalesce(sum(quantity) filter (where not is_amortized), sum(quantity) filter (where is_amortized)) as quantity,
        coalesce(sum(payg_cost_in_billing_currency) filter (where not is_amortized), sum(payg_cost_in_billing_currency) filter (where is_amortized)) as payg_cost,
        coalesce(sum(payg_cost_in_usd) filter (where not is_amortized), sum(payg_cost_in_usd) filter (where is_amortized)) as payg_cost_usd,
        max(unit_price) as unit_price,
        max(payg_price) as payg_price,
        coalesce(max(effective_price) filter (where is_amortized), max(effective_price)) as effective_price,
        max(exchange_rate_pricing_to_billing) as exchange_rate,
        max(_loaded_at) as loaded_at,
    from normalised
    group by all
),

priced as (
    select
        *,
        try_cast(unit_price as decimal(19, 12)) * try_cast(quantity as decimal(19, 9)) as contracted,
        try_cast(payg_price as decimal(19, 12)) * try_cast(quantity as decimal(19, 9)) as listed,
        coalesce(pricing_currency <> billing_currency, false) as is_converted,
        try_cast(exchange_rate as decimal(18, 12)) as rate,
    from charges
)

select
    priced.* exclude (actual_cost, amortized_cost, actual_cost_usd, amortized_cost_usd, amortized_pricing_cost, quantity, payg_cost, payg_cost_usd, unit_price, payg_price, effective_price, exchange_rate, loaded_at, contracted, listed, is_converted, rate),
    charge_period_start + 1 as charge_period_end,
    case when loaded.has_actual then coalesce(actual_cost, 0) end as billed_cost,
    case when loaded.has_amortized then coalesce(amortized_cost, 0) end as effective_cost,
    case when charge_category = 'Usage' then quantity end as consumed_quantity,
    case when charge_category = 'Usage' then pricing_unit end as consumed_unit,
    try_cast(case when is_converted then try_cast(contracted as decimal(20, 12)) * rate else contracted end as decimal(38, 24)) as contracted_cost,
    unit_price as contracted_unit_price,
    coalesce(payg_cost, try_cast(case when is_converted then try_cast(listed as decimal(20, 12)) * rate else listed end as decimal(38, 24))) as list_cost,
    payg_price as list_unit_price,
    case when loaded.has_amortized and pricing_currency is not null then coalesce(amortized_pricing_cost, 0) end as pricing_currency_effective_cost,
    quantity as pricing_quantity,
    case when sub_account_id is not null then 'Subscription' end as sub_account_type,
    case when loaded.has_actual then coalesce(actual_cost_usd, amortized_cost_usd * 0) end as x_billed_cost_usd,
    case when loaded.has_amortized then coalesce(amortized_cost_usd, actual_cost_usd * 0) end as x_effective_cost_usd,
    payg_cost_usd as x_list_cost_usd,
    exchange_rate as x_exchange_rate,
    effective_price as x_effective_unit_price,
    loaded_at as x_loaded_at,
from priced
left join loaded
    on priced.x_source = loaded.source and priced.x_scope_id = loaded.scope_id and priced.billing_month = loaded.month
