-- The one retail price of a meter (or machine size) that a pay-as-you-go bill would start with, out of the several listed.
-- A list price: negotiated prices, reservations and savings plans are lower. Cost of a month of hours: times 730.
-- grain: one row per currency, meter and region
-- columns:
--   retail_price: Price of one unit_of_measure without discount.
--   candidate_count: Rows the list has for the meter and region.
--   tier_count: Prices by volume among them; above the first tier units cost less.
--   price_count: Prices that its SKUs have in the first tier; where they have several, the SKU decides, and retail_price is that of one of them.
--   reason: Why this row was chosen.
with judged as (
    select
        *,
        case
            when price_type <> 'consumption' then 'another kind of price'
            when is_spot then 'Spot'
            when effective_from > loaded_at then 'not in force yet'
        end as unfit,
    from staging.retail_prices
),

ranked as (
    select
        *,
        count(*) over of_meter as candidate_count,
        count(distinct tier_minimum_units) filter (where unfit is null) over of_meter as tier_count,
        row_number() over (
            partition by currency, meter_id, location
            order by unfit nulls first, tier_minimum_units nulls first, is_primary_region desc nulls last,
                effective_from desc nulls last, sku_id
        ) as place,
        row_number() over (
            partition by currency, meter_id, location, tier_minimum_units, sku_id
            order by unfit nulls first, is_primary_region desc nulls last, effective_from desc nulls last
        ) as place_in_sku,
    from judged
    window of_meter as (partition by currency, meter_id, location)
),

counted as (
    select
        *,
        count(distinct retail_price) filter (where place_in_sku = 1 and unfit is null) over (
            partition by currency, meter_id, location, tier_minimum_units, is_primary_region
        ) as price_count,
    from ranked
)

select
    currency,
    meter_id,
    location,
    meter_name,
    product_name,
    arm_sku_name,
    service_name,
    is_windows,
    unit_of_measure,
    retail_price,
    candidate_count,
    tier_count,
    price_count,
    case
        when candidate_count = 1 then 'The only row.'
        else 'Consumption, not Spot, in force, first tier; of ' || candidate_count || ' rows.'
    end as reason,
    loaded_at,
from counted
where place = 1 and unfit is null
