-- Retail prices of the meters in use, of the machine sizes that exist and of the products of what is listed: several rows for most of them.
-- grain: one row per currency, meter, SKU, kind of price, tier and region
-- columns:
--   currency: Currency of the prices; all but USD are for reference.
--   meter_id: Meter, lower case.
--   meter_name: Name of the meter.
--   product_name: Name of the product.
--   sku_id: SKU.
--   sku_name: Name of the SKU.
--   arm_sku_name: Size as resources name it, such as Standard_D2s_v5.
--   location: Region as resources name it, lower case.
--   service_name: Service.
--   price_type: consumption, devtestconsumption or reservation.
--   reservation_term: Term of a reservation; its price is for the whole term.
--   unit_of_measure: What the price is for, such as 1 Hour.
--   tier_minimum_units: Units from which the price holds.
--   retail_price: Price without discount.
--   is_spot: Whether it is the price of a Spot or Low Priority machine.
--   is_windows: Whether the licence of Windows is in it.
--   is_primary_region: Whether the meter is billed by its own region.
--   effective_from: Instant from which the price holds (UTC).
--   savings_plan: JSON of the prices under a savings plan.
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    coalesce(currency, items._metric) as currency,
    lower(meter_id) as meter_id,
    meter_name,
    product_name,
    sku_id,
    sku_name,
    nullif(arm_sku_name, '') as arm_sku_name,
    lower(arm_region_name) as location,
    service_name,
    lower(price_type) as price_type,
    reservation_term,
    unit_of_measure,
    tier_minimum_units,
    retail_price,
    coalesce(regexp_matches(concat_ws(' ', sku_name, meter_name), '\b(Spot|Low Priority)\b', 'i'), false) as is_spot,
    coalesce(regexp_matches(product_name, '\bWin(dows)?\b', 'i'), false) as is_windows,
    is_primary_region,
    effective_from,
    savings_plan,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.retail_prices as items
left join meta.last_success as listed
    on listed.table_name = 'retail_prices' and listed.metric is not distinct from items._metric
