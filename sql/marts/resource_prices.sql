-- What a resource that no charge of the last 30 complete days names costs in a month, by the price of its meters: a price paid elsewhere, else that of the price sheet, else the retail price. Never a guess: where not exactly one meter and one price fit, there is none, and the reason stands there.
-- grain: one row per resource without a charge whose kind marts.sku_meters knows
-- stored: whole
-- source: docs/architecture.md, Money: the own bill, then the price sheet, then the retail price, else not priced; a month has 730 hours, which are 30.4167 days (Azure's pricing calculator)
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   monthly_price: Price of a month in billing_currency; null where it is not known.
--   billing_currency: Currency that its subscription is billed in.
--   price_source: Where the price of its meters comes from: price_paid_elsewhere (the unit price of on-demand charges of the same meter; Dev/Test apart), price_sheet or retail_price; of several meters the last of these. Null without a price.
--   price_confidence: medium for prices that were negotiated, low for retail prices; null without a price.
--   price_parts: JSON list of the meters: part, meter_id, meter_name, unit_price, base_unit, units (beyond the free ones), price_source.
--   not_priced_because: Why there is no price, in one sentence; null with one.
with recent as materialized (
    select
        charges.sub_account_id,
        charges.resource_id is not null as has_id,
        charges.x_meter_id as meter_id,
        charges.billing_currency,
        charges.consumed_unit as unit,
        coalesce(charges.pricing_category, 'Standard') = 'Standard'
            and coalesce(charges.charge_category, 'Usage') = 'Usage'
            and charges.commitment_discount_id is null as is_on_demand,
        max(charges.charge_period_start) as last_date,
        sum(charges.billed_cost) as billed_cost,
        sum(charges.consumed_quantity) as quantity,
    from marts.charges_as_of(null::timestamptz) as charges
    inner join marts.cost_windows as windows using (x_scope_id)
    where charges.charge_period_start between windows.window_start_date and windows.window_end_date
    group by all
),

accounts as (
    select
        sub_account_id,
        quota_id ilike '%devtest%' as is_dev_test,
        quota_id ilike 'enterpriseagreement%' or quota_id ilike 'msdndevtest%' as is_enterprise,
    from staging.subscriptions
),

told as (
    select sub_account_id, max(last_date) filter (where has_id) as last_date,
    from recent
    group by sub_account_id
),

unnamed as (
    select distinct sub_account_id, meter_id,
    from recent
    where not has_id and meter_id is not null
),

wanted as (
    select
        meters.*,
        currencies.billing_currency,
        coalesce(accounts.is_dev_test, false) as is_dev_test,
        coalesce(accounts.is_enterprise, false) as is_enterprise,
        (resources.created_at at time zone 'UTC')::date < told.last_date
            or (resources.created_at is null and told.last_date is not null) as is_told_by_bill,
        resources.created_at is null as is_of_unknown_age,
    from marts.sku_meters as meters
    anti join marts.resource_savings as savings on meters.resource_id = savings.resource_id
    left join marts.audited_resources as resources on meters.resource_id = resources.resource_id
    left join marts.billing_currencies as currencies on meters.sub_account_id = currencies.sub_account_id
    left join accounts on meters.sub_account_id = accounts.sub_account_id
    left join told on meters.sub_account_id = told.sub_account_id
),

keys as (
    select distinct
        sub_account_id,
        billing_currency,
        is_dev_test,
        is_enterprise,
        location,
        product_name,
        meter_pattern,
        sku_pattern,
        arm_sku_name,
        is_windows,
        base_unit,
        free_units,
    from wanted
    where unmetered_because is null and billing_currency is not null
),

listed as materialized (
    select
        *,
        meter_id || case
            when count(distinct sku_name) over (partition by currency, meter_id, location) > 1 then '|' || sku_name else ''
        end as sku_meter_id,
    from staging.retail_prices
    where price_type in ('consumption', 'devtestconsumption') and not is_spot and coalesce(effective_from <= loaded_at, true)
),

fitting as (
    select
        keys.*,
        case when keys.sku_pattern is null then listed.meter_id else listed.sku_meter_id end as meter_id,
        listed.meter_name,
        listed.location as listed_in,
    from keys
    inner join listed
        on keys.billing_currency = listed.currency
        and lower(keys.product_name) = lower(listed.product_name)
        and (lower(keys.location) = listed.location or listed.location = 'global')
        and regexp_full_match(listed.meter_name, keys.meter_pattern, 'i')
        and (keys.sku_pattern is null or regexp_full_match(listed.sku_name, keys.sku_pattern, 'i'))
    where listed.price_type = 'consumption'
    union all
    select keys.*, listed.meter_id, listed.meter_name, listed.location as listed_in,
    from keys
    inner join listed
        on keys.billing_currency = listed.currency
        and lower(keys.arm_sku_name) = lower(listed.arm_sku_name)
        and keys.location = listed.location
        and keys.is_windows = listed.is_windows
    where listed.price_type = 'consumption' and listed.service_name = 'Virtual Machines'
),

found as (
    select *
    from (
        select
            * exclude (meter_id, meter_name),
            count(distinct meter_id) as meter_count,
            min(meter_id) as meter_id,
            min(meter_name) as meter_name,
        from fitting
        group by all
    )
    qualify row_number() over (
        partition by sub_account_id, location, product_name, meter_pattern, sku_pattern, arm_sku_name, is_windows, base_unit
        order by listed_in = 'global'
    ) = 1
),

listed_prices as ( -- by contract
    select *, 'export' as given_by,
    from staging.exported_prices
    union all by name
    select *, price_month as exported_month, 'api' as given_by,
    from staging.price_sheet
),

sheet as (
    select
        *,
        coalesce(tier_minimum_units, 0) as tier_start,
        case -- null: of any subscription, as nothing newer is known for those of an enterprise
            when given_by = 'api' then true
            when max(exported_month) filter (where given_by = 'api') over of_meter > exported_month then false
        end as is_enterprise,
        offer_id = 'MS-AZR-0148P' as is_dev_test, -- Enterprise Dev/Test
    from listed_prices
    where
        coalesce(lower(price_type), 'consumption') = 'consumption'
        and nullif(term, '') is null
        and coalesce(effective_start_date <= last_day(exported_month), true)
        and coalesce(effective_end_date >= exported_month, true)
    window of_meter as (partition by currency, meter_id)
    qualify
        rank() over (
            partition by currency, meter_id, given_by
            order by exported_month desc, effective_start_date desc nulls last
        ) = 1
        and (
            given_by = 'export'
            or coalesce(exported_month > max(exported_month) filter (where given_by = 'export') over of_meter, true)
        )
),

sheet_tiers as (
    select
        *,
        count(distinct tier_start) over of_meter as tier_count,
        max(unit_price) filter (where tier_start = 0) over of_meter as first_price,
    from sheet
    window of_meter as (partition by currency, meter_id, given_by)
),

offered as (
    select
        1 as place,
        'price_paid_elsewhere' as price_source,
        recent.sub_account_id,
        coalesce(accounts.is_dev_test, false) as is_dev_test,
        recent.billing_currency as currency,
        recent.meter_id,
        null as listed_in,
        recent.unit,
        null as price,
        sum(recent.billed_cost) as billed_cost,
        sum(recent.quantity) as quantity,
    from recent
    left join accounts using (sub_account_id)
    where is_on_demand and meter_id is not null and unit is not null
    group by all
    having sum(recent.billed_cost) > 0 and sum(recent.quantity) > 0
    union all by name
    select
        2 as place,
        'price_sheet' as price_source,
        currency,
        meter_id,
        unit_of_measure as unit,
        unit_price as price,
        nullif(tier_start, 0)::bigint as free_units,
        is_dev_test,
        is_enterprise,
    from sheet_tiers
    where tier_count = 1 and tier_start = 0 or tier_count = 2 and first_price = 0 and tier_start > 0
    union all by name
    select
        3 as place,
        'retail_price' as price_source,
        true as is_dev_test,
        currency,
        meter_id,
        location as listed_in,
        unit_of_measure as unit,
        retail_price as price,
    from listed
    where price_type = 'devtestconsumption' and coalesce(tier_minimum_units, 0) = 0
    qualify rank() over (partition by currency, meter_id, location order by effective_from desc) = 1
    union all by name
    select
        4 as place,
        'retail_price' as price_source,
        currency,
        meter_id,
        location as listed_in,
        unit_of_measure as unit,
        retail_price as price,
    from marts.meter_prices
    where tier_count = 1 and price_count = 1
    union all by name
    select
        4 as place,
        'retail_price' as price_source,
        listed.currency,
        listed.meter_id,
        listed.location as listed_in,
        listed.unit_of_measure as unit,
        listed.retail_price as price,
        listed.tier_minimum_units::bigint as free_units,
    from listed
    inner join marts.meter_prices as first_tiers using (currency, meter_id, location)
    where
        listed.price_type = 'consumption' and listed.tier_minimum_units > 0
        and first_tiers.tier_count = 2 and first_tiers.price_count = 1 and first_tiers.retail_price = 0
    qualify row_number() over (
        partition by listed.currency, listed.meter_id, listed.location
        order by listed.is_primary_region desc nulls last, listed.effective_from desc nulls last, listed.sku_id
    ) = 1
    union all by name
    select
        4 as place,
        'retail_price' as price_source,
        currency,
        sku_meter_id as meter_id,
        location as listed_in,
        unit_of_measure as unit,
        retail_price as price,
    from listed
    where price_type = 'consumption' and sku_meter_id <> meter_id
    qualify
        count(distinct tier_minimum_units) over (partition by currency, sku_meter_id, location) = 1
        and row_number() over (
            partition by currency, sku_meter_id, location
            order by is_primary_region desc nulls last, effective_from desc nulls last, sku_id
        ) = 1
),

measured as (
    select
        * exclude (price),
        replace(try_cast(billed_cost as decimal(28, 12))::varchar, '.', '')::hugeint as cost_units,
        replace(try_cast(quantity as decimal(24, 9))::varchar, '.', '')::hugeint as quantity_units,
        coalesce(nullif(regexp_extract(replace(unit, ',', ''), '^\s*(\d+)', 1), ''), '1') as block,
        regexp_replace(lower(unit), '^\s*[\d,]*\s*/?\s*(units/)?', '') as unit_name,
        case
            when unit_name in ('hour', 'hours') then 'hour'
            when unit_name in ('month', 'months') then 'month'
            when unit_name in ('day', 'days') then 'day'
            when unit_name in ('gib/hour', 'gib hours') then 'GiB hour'
            when unit_name in ('gb/month', 'gb months') then 'GB month'
        end as base_unit,
        case
            when place > 1
                then try_cast(
                    try_cast(price as decimal(19, 12))
                    * case block when '1' then 1.0000 when '10' then 0.1000 when '100' then 0.0100 when '1000' then 0.0010 end
                    as decimal(19, 12)
                )
            when block = '1'
                then try_cast( -- whole units of 10^-12, half up: no float in between
                    (
                        (cost_units * 1000000000 + quantity_units // 2) // nullif(quantity_units, 0)
                    )::decimal(25, 0) * 0.000000000001 as decimal(19, 12)
                )
        end as unit_price,
    from offered
),

agreed as (
    select
        found.* exclude (listed_in),
        offers.place,
        any_value(offers.price_source) as price_source,
        coalesce(
            min(offers.unit_price) filter (where offers.sub_account_id = found.sub_account_id),
            case
                when max(offers.unit_price) <= min(offers.unit_price) * 1.01
                    then arg_max(offers.unit_price, coalesce(offers.quantity, 0))
            end
        ) as unit_price,
    from found
    inner join measured as offers
        on found.billing_currency = offers.currency
        and found.meter_id = offers.meter_id
        and found.base_unit = offers.base_unit
        and found.free_units is not distinct from offers.free_units
        and coalesce(offers.listed_in = found.listed_in, true)
        and coalesce(offers.is_dev_test = found.is_dev_test, true)
        and coalesce(offers.is_enterprise = found.is_enterprise, true)
    where found.meter_count = 1 and offers.unit_price > 0
    group by all
),

chosen as (
    select *
    from agreed
    where unit_price is not null
    qualify row_number() over (
        partition by sub_account_id, location, product_name, meter_pattern, sku_pattern, arm_sku_name, is_windows, base_unit
        order by place
    ) = 1
),

lists as (
    select distinct currency from staging.retail_prices
),

parts as (
    select
        wanted.*,
        split_part(found.meter_id, '|', 1) as meter_id,
        found.meter_name,
        chosen.unit_price,
        chosen.price_source,
        chosen.place,
        try_cast(
            try_cast(chosen.unit_price as decimal(19, 12)) * wanted.units::decimal(9, 0)
            * case
                when wanted.base_unit in ('hour', 'GiB hour') then 730.0000
                when wanted.base_unit = 'day' then 30.4167
                else 1.0000
            end as decimal(38, 24)
        ) as monthly_price,
        coalesce(wanted.product_name, 'the size ' || wanted.arm_sku_name) as priced_by,
        case
            when wanted.unmetered_because is not null then wanted.unmetered_because
            when wanted.is_told_by_bill and unnamed.meter_id is null and wanted.is_of_unknown_age
                then 'The bill of its subscription names resources, but not this one, whose age is not known.'
            when wanted.is_told_by_bill and unnamed.meter_id is null
                then 'The bill of its subscription names resources, but not this one: it may be free.'
            when wanted.billing_currency is null then 'The currency of its subscription is not known.'
            when lists.currency is null then 'No retail prices in ' || wanted.billing_currency || ' have been read.'
            when found.meter_id is null
                then 'No meter of ' || priced_by || ' in ' || wanted.location || ' fits it in the retail prices.'
            when found.meter_count > 1
                then found.meter_count || ' meters of ' || priced_by || ' in ' || wanted.location || ' fit it in the retail prices.'
            when monthly_price is null
                then 'Its meter ' || found.meter_name || ' has no single price by the ' || wanted.base_unit || '.'
        end as not_priced_because,
    from wanted
    left join found
        on wanted.sub_account_id = found.sub_account_id
        and wanted.location = found.location
        and wanted.product_name is not distinct from found.product_name
        and wanted.meter_pattern is not distinct from found.meter_pattern
        and wanted.sku_pattern is not distinct from found.sku_pattern
        and wanted.arm_sku_name is not distinct from found.arm_sku_name
        and wanted.is_windows is not distinct from found.is_windows
    left join chosen
        on found.sub_account_id = chosen.sub_account_id
        and found.location = chosen.location
        and found.meter_id = chosen.meter_id
        and found.base_unit = chosen.base_unit
        and found.meter_pattern is not distinct from chosen.meter_pattern
        and found.sku_pattern is not distinct from chosen.sku_pattern
        and found.arm_sku_name is not distinct from chosen.arm_sku_name
        and found.is_windows is not distinct from chosen.is_windows
    left join unnamed on found.sub_account_id = unnamed.sub_account_id and split_part(found.meter_id, '|', 1) = unnamed.meter_id
    left join lists on wanted.billing_currency = lists.currency
)

select
    resource_id,
    any_value(sub_account_id) as sub_account_id,
    case when bool_and(not_priced_because is null) then sum(monthly_price) end as monthly_price,
    any_value(billing_currency) as billing_currency,
    case when bool_and(not_priced_because is null) then arg_max(price_source, place) end as price_source,
    case
        when bool_or(not_priced_because is not null) then null
        when max(place) > 2 then 'low'
        else 'medium'
    end as price_confidence,
    case
        when bool_and(not_priced_because is null)
            then to_json(list({
                'part': part,
                'meter_id': meter_id,
                'meter_name': meter_name,
                'unit_price': unit_price::varchar,
                'base_unit': base_unit,
                'units': units,
                'price_source': price_source
            } order by part))::varchar
    end as price_parts,
    min(not_priced_because) as not_priced_because,
from parts
group by resource_id
