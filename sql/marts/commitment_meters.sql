-- Whether a commitment is sold for the usage of a meter, by the price lists held and by what commitments covered.
-- grain: one row per meter of a price list, or that a commitment covered
-- base_of: marts.commitment_coverage
-- stored: whole
-- source: what can be covered by its prices: a meter with a reservation or savings plan price, or one that was
-- columns:
--   meter_id: GUID of Azure's meter.
--   coverage: What its usage is that no commitment covers: on_demand (one is sold for it), not_offered (none is); null where the lists do not tell.
with sold as (
    select meter_id, price_type = 'reservation' or coalesce(length(savings_plan), 0) > 2 as is_offered,
    from staging.retail_prices
    union all
    select meter_id, lower(price_type) in ('reservation', 'reservedinstance', 'savingsplan') as is_offered,
    from staging.exported_prices
    union all
    select meter_id, true as is_offered,
    from staging.price_sheet
    where length(savings_plan) > 2
    union all
    select distinct x_meter_id as meter_id, true as is_offered,
    from marts.charges
    where commitment_discount_status = 'Used'
)

select
    meter_id,
    case when bool_or(is_offered) then 'on_demand' when not bool_or(is_offered) then 'not_offered' end as coverage,
from sold
where meter_id is not null
group by meter_id
