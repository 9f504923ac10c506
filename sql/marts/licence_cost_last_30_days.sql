-- What each resource paid for licences by the hour in the last 30 complete days: what hybrid benefit would spare it.
-- grain: one row per resource and licence with a charge on a licence meter; sources that tell no meter have none
-- source: names of meters: Virtual Machines Licenses of category and subcategory, SQL License of databases and pools
-- columns:
--   resource_id: Full ARM id, lower case.
--   licence: windows_licence or sql_licence.
--   billed_cost: Actual cost of the window, before tax; of a resource billed in several currencies, the largest one.
--   billing_currency: Its currency.
with licensed as (
    select
        resource_id,
        billing_currency,
        billed_cost,
        case
            when x_meter_subcategory ilike '%windows%' and x_meter_subcategory ilike '%licen%' then 'windows_licence'
            when
                x_meter_subcategory ilike '%sql license%'
                or sku_meter ilike '%sql license%'
                or (x_meter_subcategory ilike '%sql%' and x_meter_category ilike '%virtual machine%licen%')
                then 'sql_licence'
        end as licence,
    from marts.resource_meter_cost_last_30_days
)

select
    resource_id,
    licence,
    sum(billed_cost) as billed_cost,
    billing_currency,
from licensed
where licence is not null
group by resource_id, licence, billing_currency
qualify row_number() over (
    partition by resource_id, licence order by sum(billed_cost) desc, billing_currency
) = 1
