-- The one retail price of a meter (or machine size) that a pay-as-you-go bill would start with, out of the several listed.
-- A list price: negotiated prices, reservations and savings plans are lower. Cost of a month of hours: times 730.
-- grain: one row per currency, meter and region
-- columns:
--   retail_price: Price of one unit_of_measure without discount.
--   candidate_count: Rows the list has for the meter and region.
--   tier_count: Prices by volume among them; above the first tier units cost less.
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
    from judged
    window of_meter as (partition by currency, meter_id, location)
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
    case
        when candidate_count = 1 then 'The only row.'
        else 'Consumption, not Spot, in force, first tier; of ' || candidate_count || ' rows.'
    end as reason,
    loaded_at,
from ranked
where place = 1 and unfit is null
