-- Cost of each month by what is billed, with running totals of its days: a tenth of the rows of marts.charges, kept ready for comparisons of periods and for tags. Always what counts now: the variable as_of does not change it.
-- grain: one row per billing month, calendar month of the days, resource (and what else the columns tell of a charge) and billing currency
-- stored: billing_month
-- parts: resource_id
-- base_of: marts.cost_changes, marts.tagged_cost
-- like: marts.charge_kinds
-- columns:
--   first_day: First day of the calendar month of the days (UTC): that of billing_month, but for charges that are billed later.
--   charge_count: How many rows of marts.charges the row stands for.
--   charged_days: Days with a charge, as bits: 1 is the first of the month, 2 the second, 4 the third.
--   billed_days: Days of which billed_cost is known of some charge, as bits.
--   effective_days: Days of which effective_cost is known of some charge, as bits.
--   unmeasured_days: Days with a charge that does not say its quantity, as bits.
--   billed_to: Actual cost from the first of the month up to each day of charged_days, in their order.
--   amortized_to: What effective cost is more than billed cost, up to each of them; null where both are the same on each charge.
--   quantity_to: Consumed quantity up to each of them; null where no charge says it.
with things as (
    select
        billing_month,
        date_trunc('month', charge_period_start)::date as first_day,
        sub_account_id,
        sub_account_name,
        billing_account_id,
        provider_name,
        service_category,
        service_name,
        x_resource_group_name,
        resource_id,
        resource_type,
        region_id,
        sku_meter,
        sku_price_id,
        x_meter_id,
        consumed_unit,
        tags,
        billing_currency,
        charge_category,
        x_charge_type,
        charge_kind,
        commitment_discount_id,
        count(*) as charge_count,
        bit_or(1::uinteger << (day(charge_period_start) - 1)::uinteger) as charged_days,
        bit_or(case when billed_cost is null then 0 else 1::uinteger << (day(charge_period_start) - 1)::uinteger end)
            as billed_days,
        bit_or(case when effective_cost is null then 0 else 1::uinteger << (day(charge_period_start) - 1)::uinteger end)
            as effective_days,
        bit_or(case when consumed_quantity is null then 1::uinteger << (day(charge_period_start) - 1)::uinteger else 0 end)
            as unmeasured_days,
        bool_or(effective_cost is distinct from billed_cost) as is_amortized,
        count(consumed_quantity) > 0 as is_measured,
        list(charge_period_start) as dates,
        list(billed_cost) as billed_costs,
        list(coalesce(effective_cost, 0) - coalesce(billed_cost, 0)) as amortized_costs,
        list(consumed_quantity) as quantities,
    from marts.charge_kinds
    group by all
),

sorted as (  -- by one order of the days: to collect each list in order takes three times as long
    select
        * replace (
            list_select(dates, by_day) as dates,
            list_select(billed_costs, by_day) as billed_costs,
            case when is_amortized then list_select(amortized_costs, by_day) end as amortized_costs,
            case when is_measured then list_select(quantities, by_day) end as quantities
        ),
    from (select *, list_grade_up(dates) as by_day, from things)
),

ended as (  -- the place of each day's last charge
    select
        *,
        charge_count = bit_count(charged_days) as is_daily,
        case
            when charge_count = bit_count(charged_days) then range(1, charge_count + 1)
            else
                list_filter(
                    range(1, charge_count + 1),
                    lambda place: place = charge_count or dates[place] <> dates[place + 1]
                )
        end as ends,
    from sorted
),

daily as (  -- each charge is added once, however many there are on a day
    select
        * exclude (dates, billed_costs, amortized_costs, quantities),
        case
            when is_daily then billed_costs
            else list_transform(ends, lambda place, day: list_sum(billed_costs[coalesce(ends[day - 1], 0) + 1:place]))
        end as billed_costs,
        case
            when is_daily then amortized_costs
            else list_transform(ends, lambda place, day: list_sum(amortized_costs[coalesce(ends[day - 1], 0) + 1:place]))
        end as amortized_costs,
        case
            when is_daily then quantities
            else list_transform(ends, lambda place, day: list_sum(quantities[coalesce(ends[day - 1], 0) + 1:place]))
        end as quantities,
    from ended
)

select
    * exclude (by_day, is_daily, is_amortized, is_measured, ends, billed_costs, amortized_costs, quantities),
    list_transform(ends, lambda place, day: coalesce(list_sum(billed_costs[:day]), 0)) as billed_to,
    case when is_amortized then list_transform(ends, lambda place, day: list_sum(amortized_costs[:day])) end
        as amortized_to,
    case when is_measured then list_transform(ends, lambda place, day: coalesce(list_sum(quantities[:day]), 0)) end
        as quantity_to,
from daily
