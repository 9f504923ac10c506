-- Resources a good part of whose bill is data sent to another region: often what belongs together lies apart.
-- title: Data transfer between regions
-- severity: low
-- category: usage
-- action: review
-- saving: at_stake
-- population: staging.resources
-- fix: Bring what talks to each other into one region, cache or compress what is sent, or replicate less.
-- source: names of meters: category Bandwidth with Inter-Region, Intra Continent or Inter Continent, and Inter-Region of peered networks; own rule: at least 50 in 30 days, and a fifth of the resource's bill; what leaves Azure for the internet is not meant
select
    resource_id,
    'Data sent between regions cost ' || round(transfer_cost, 2)::decimal(38, 2) || ' ' || billing_currency || ', '
    || round(100 * transfer_cost / billed_cost)::int || ' % of its bill.' as finding,
    to_json({'transfer_cost': transfer_cost, 'billed_cost': billed_cost, 'billing_currency': billing_currency, 'meters': meters}) as evidence,
from (
    select
        resource_id,
        billing_currency,
        sum(billed_cost) as billed_cost,
        sum(billed_cost) filter (where is_transfer) as transfer_cost,
        list(distinct sku_meter order by sku_meter) filter (where is_transfer) as meters,
    from (
        select
            *,
            (
                x_meter_category ilike 'bandwidth%'
                and regexp_matches(
                    lower(concat_ws(' ', x_meter_subcategory, sku_meter)), 'inter[- ]region|(intra|inter)[- ]continent'
                )
            )
            or (x_meter_category ilike 'virtual network%' and regexp_matches(lower(sku_meter), 'inter[- ]region|global')) as is_transfer,
        from marts.resource_meter_cost_last_30_days
    )
    group by resource_id, billing_currency
)
where
    transfer_cost >= coalesce(getvariable('data_transfer_cost'), 50)
    and transfer_cost * 5 >= billed_cost
qualify row_number() over (partition by resource_id order by transfer_cost desc, billing_currency) = 1
