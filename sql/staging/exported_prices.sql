-- Price sheets by files of exports, with normalised ids.
-- grain: one row per export, month and price
-- columns:
--   x_scope_id: The export (its resource id), or the address of its folder or file.
--   exported_month: First day of the calendar month that the export is about.
--   loaded_at: Instant of the load (UTC).
select
    _scope_id as x_scope_id,
    _month as exported_month,
    billing_account_id,
    billing_account_name,
    billing_profile_id,
    billing_profile_name,
    lower(meter_id) as meter_id,
    meter_name,
    meter_type,
    meter_category,
    meter_sub_category,
    meter_region,
    service_family,
    product,
    product_id,
    sku_id,
    part_number,
    offer_id,
    unit_of_measure,
    price_type,
    term,
    tier_minimum_units,
    included_quantity,
    upper(currency) as currency,
    base_price,
    market_price,
    unit_price,
    discount,
    effective_start_date,
    effective_end_date,
    _loaded_at as loaded_at,
from raw.exported_prices
