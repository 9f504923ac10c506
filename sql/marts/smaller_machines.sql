-- What machines pay for computing, and what the next smaller size would cost.
-- grain: one row per virtual machine and uniform scale set
-- base_of: marts.judged_by_size
-- stored: whole
-- source: the meter whose name is the size's; the size with half the cores has half the memory, but for the first generations of D
-- columns:
--   resource_id: Full ARM id, lower case.
--   is_scaled_by_rules: Whether Azure Monitor changes the number of its instances automatically.
--   size_family: What comes before the number of cores, such as standard_d; null where the size is not known.
--   size_units: Number in the name of the size: its cores.
--   smaller_size: Size of half the cores, lower case; null where there is none.
--   billing_currency: Currency of the amounts.
--   compute_cost: Billed cost of computing in the last 30 complete days; null where no charge tells it.
--   hour_price: Billed cost of an hour of its size, on demand; null where nothing tells it.
--   smaller_hour_price: The same of the smaller size.
--   unpriced: Why the smaller size saves nothing known, in one sentence; null where it does, and where no charge tells its own cost.
with machines as (
    select resource_id, location, lower(vm_size) as vm_size, lower(os_type) as os_type,
    from staging.virtual_machines
    union all
    select resource_id, location, lower(sku_name) as vm_size, lower(os_type) as os_type,
    from staging.scale_sets
    where orchestration_mode = 'uniform'
),

sized as (
    select
        *,
        regexp_extract(vm_size, '^(standard_[a-z]+)([0-9]+)([a-z]*(?:_.*)?)$', ['family', 'units', 'rest']) as parts,
        try_cast(parts['units'] as int) as size_units,
        case
            when size_units % 2 = 0 and not regexp_matches(vm_size, '^standard_(d|ds)[0-9]+(_v2)?$')
                then parts['family'] || (size_units // 2) || parts['rest']
        end as smaller_size,
    from machines
),

compute as (
    select
        costs.resource_id,
        costs.billing_currency,
        sum(costs.billed_cost) as cost,
    from marts.resource_meter_cost_last_30_days as costs
    inner join machines using (resource_id)
    where
        list_contains(
            string_split(lower(costs.sku_meter), '/'),
            replace(regexp_replace(machines.vm_size, '^standard_', ''), '_', ' ')
        )
    group by costs.resource_id, costs.billing_currency
    qualify row_number() over (partition by costs.resource_id order by cost desc, costs.billing_currency) = 1
)

select
    sized.resource_id,
    exists (
        select 1 from staging.autoscale_settings as rules where rules.is_enabled and rules.target_id = sized.resource_id
    ) as is_scaled_by_rules,
    nullif(sized.parts['family'], '') as size_family,
    sized.size_units,
    sized.smaller_size,
    compute.billing_currency,
    compute.cost as compute_cost,
    present.hour_price,
    smaller.hour_price as smaller_hour_price,
    case
        when compute.cost is null then null
        when sized.smaller_size is null then 'No smaller size of its family is known.'
        when present.hour_price is null or smaller.hour_price is null
            then 'No charge on demand tells what an hour of ' || sized.smaller_size || ' costs beside its own size.'
        when smaller.hour_price >= present.hour_price then sized.smaller_size || ' is not cheaper by what was paid for it.'
    end as unpriced,
from sized
left join compute using (resource_id)
left join marts.machine_hour_prices as present
    on sized.vm_size = present.vm_size
    and sized.location = present.location
    and sized.os_type = present.os_type
    and compute.billing_currency = present.billing_currency
left join marts.machine_hour_prices as smaller
    on sized.smaller_size = smaller.vm_size
    and sized.location = smaller.location
    and sized.os_type = smaller.os_type
    and compute.billing_currency = smaller.billing_currency
