-- What the next cheaper size of a resource would leave of its bill, by the ratio of both prices: paid elsewhere, else retail.
-- grain: one row per resource with such a size, and per App Service plan
-- base_of: audits.underused_premium_disks, audits.oversized_app_service_plans
-- stored: whole
-- source: App Service: each number of a family has half the cores and memory of the next (Azure's pricing pages); names of products and meters as in marts.sku_meters; docs/architecture.md, Money: the own bill comes first; prices are those of the same source for both, since a bill may be below any list
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   location: Region, lower case.
--   smaller_size: The size it could have, such as StandardSSD_LRS; null where it has the smallest.
--   is_scaled_by_rules: Whether Azure Monitor changes the number of its instances automatically.
--   billing_currency: Currency that the resource is billed in.
--   unit_price: Price of a unit of the size it has; null where not both are known.
--   smaller_unit_price: Price of the same unit of the smaller size; null where not both are known.
--   price_source: price_paid_elsewhere or retail_price; null without prices.
--   bill: Billed cost of the size it has in the last 30 complete days; null where no charge tells it.
--   saving: What of that would leave the bill; null where it is not known.
--   unpriced: Why the saving is not known, in one sentence; null where it is.
with plans as (
    select
        *,
        regexp_extract(lower(sku_name), '^([bsp])([0-9])(m?v[0-9])?$', ['family', 'number', 'version']) as parts,
        try_cast(parts['number'] as int) - 1 as smaller_number,
        case
            when parts['version'] in ('v3', 'v4') then smaller_number >= 0
            else smaller_number >= 1
        end as is_smaller_sold,
    from staging.app_service_plans
),

candidates as (
    select
        meters.resource_id,
        meters.sub_account_id,
        meters.location,
        replace(disks.sku_name, 'Premium', 'StandardSSD') as smaller_size,
        false as is_sole_meter,
        meters.product_name,
        meters.meter_pattern,
        meters.standard_ssd_product_name as smaller_product_name,
        meters.standard_ssd_pattern as smaller_meter_pattern,
    from marts.disk_meters as meters
    inner join staging.disks as disks on meters.resource_id = disks.resource_id
    where meters.standard_ssd_pattern is not null and disks.disk_state = 'attached'
    union all
    select
        meters.resource_id,
        meters.sub_account_id,
        meters.location,
        case when plans.is_smaller_sold then upper(plans.parts['family']) || plans.smaller_number || plans.parts['version'] end
            as smaller_size,
        true as is_sole_meter,
        meters.product_name,
        meters.meter_pattern,
        meters.product_name as smaller_product_name,
        case when plans.is_smaller_sold then regexp_replace(meters.meter_pattern, '^(\w)\d', '\1' || plans.smaller_number) end
            as smaller_meter_pattern,
    from marts.sku_meters as meters
    inner join plans on meters.resource_id = plans.resource_id
    where meters.part = 'workers'
),

scaled as (
    select distinct target_id,
    from staging.autoscale_settings
    where is_enabled
),

patterns as (
    select resource_id, location, lower(product_name) as product, meter_pattern as pattern, false as is_smaller,
    from candidates
    union all
    select resource_id, location, lower(smaller_product_name) as product, smaller_meter_pattern as pattern, true as is_smaller,
    from candidates
    where smaller_meter_pattern is not null
),

prices as (
    select
        1 as place,
        charges.billing_currency as currency,
        charges.region_id as location,
        lower(charges.x_meter_subcategory) as product,
        charges.sku_meter as meter_name,
        charges.consumed_unit as unit,
        (sum(charges.billed_cost) / sum(charges.consumed_quantity))::decimal(28, 12) as unit_price,
    from marts.charges_as_of(null::timestamptz) as charges
    inner join marts.cost_windows as windows using (x_scope_id)
    where
        charges.charge_period_start between windows.window_start_date and windows.window_end_date
        and charges.charge_category = 'Usage'
        and charges.pricing_category is not distinct from 'Standard'
        and lower(charges.x_meter_subcategory) in (select product from patterns)
    group by all
    having sum(charges.consumed_quantity) > 0 and sum(charges.billed_cost) > 0
    union all
    select
        2 as place,
        currency,
        location,
        lower(product_name) as product,
        meter_name,
        unit_of_measure as unit,
        retail_price::decimal(28, 12) as unit_price,
    from marts.meter_prices
    where tier_count = 1 and price_count = 1 and retail_price > 0 and lower(product_name) in (select product from patterns)
),

fitting as (
    select
        patterns.resource_id,
        prices.place,
        prices.currency,
        prices.unit,
        max(prices.unit_price) filter (where not patterns.is_smaller) as unit_price,
        max(prices.unit_price) filter (where patterns.is_smaller) as smaller_unit_price,
    from patterns
    inner join prices
        on patterns.product = prices.product
        and patterns.location = prices.location
        and regexp_full_match(prices.meter_name, patterns.pattern, 'i')
    group by all
    having
        count(*) filter (where not patterns.is_smaller) = 1 and count(*) filter (where patterns.is_smaller) = 1
),

bills as (
    select
        meters.resource_id,
        costs.billing_currency,
        sum(costs.billed_cost) as bill,
    from candidates as meters
    inner join marts.resource_meter_cost_last_30_days as costs
        on meters.resource_id = costs.resource_id
        and regexp_full_match(costs.sku_meter, meters.meter_pattern, 'i')
    group by meters.resource_id, costs.billing_currency
    qualify row_number() over (partition by meters.resource_id order by bill desc, costs.billing_currency) = 1
)

select
    candidates.resource_id,
    candidates.sub_account_id,
    candidates.location,
    candidates.smaller_size,
    scaled.target_id is not null as is_scaled_by_rules,
    coalesce(bills.billing_currency, case when candidates.is_sole_meter then savings.billing_currency end) as billing_currency,
    fitting.unit_price,
    fitting.smaller_unit_price,
    case fitting.place when 1 then 'price_paid_elsewhere' when 2 then 'retail_price' end as price_source,
    coalesce(bills.bill, case when candidates.is_sole_meter then savings.monthly_saving end) as bill,
    case
        when fitting.smaller_unit_price < fitting.unit_price
            then bill::decimal(24, 12) * (1 - (fitting.smaller_unit_price / fitting.unit_price)::decimal(13, 12))
    end::decimal(38, 24) as saving,
    case
        when bill is null then 'No charge of the last 30 complete days is known to be for its size.'
        when fitting.unit_price is null
            then 'What ' || candidates.smaller_size || ' costs beside what it has is not known: neither the bill nor the retail price list tells both.'
        when saving is null then candidates.smaller_size || ' is not cheaper by the prices known.'
    end as unpriced,
from candidates
left join scaled on candidates.resource_id = scaled.target_id
left join bills using (resource_id)
left join marts.resource_savings as savings on candidates.resource_id = savings.resource_id
left join fitting
    on candidates.resource_id = fitting.resource_id
    and coalesce(bills.billing_currency, savings.billing_currency) = fitting.currency
qualify row_number() over (partition by candidates.resource_id order by fitting.place, fitting.unit) = 1
