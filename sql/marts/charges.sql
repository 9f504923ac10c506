-- Every charge in the lake, actual and amortized side by side: the table that all cost answers read.
-- grain: one row per scope, UTC day, resource, service and billing currency
-- stored: x_scope_id, billing_month
-- columns:
--   charge_period_start: UTC day of the charge (FOCUS ChargePeriodStart; days here).
--   charge_period_end: The next day (FOCUS: the end is exclusive).
--   billing_month: First day of the calendar month (UTC) of the charge.
--   provider_name: Microsoft.
--   sub_account_id: Subscription, /subscriptions/<guid>, lower case.
--   x_resource_group_name: Resource group, lower case; null for charges without one.
--   resource_id: Full ARM id, lower case; null for purchases, marketplace, rounding and other charges without a resource.
--   resource_name: Last part of the resource id.
--   resource_type: Type by the resource id, such as microsoft.compute/disks.
--   region_id: Region by the month's bill, such as westeurope; the costliest where a resource is billed in several; null where the bill names none.
--   service_name: Service by the bill, such as Virtual Machines.
--   billing_currency: Currency of the amounts; amounts of different currencies are never added.
--   billed_cost: Actual cost: what the invoice is made of, before tax; purchases on their day, refunds negative. Null when not loaded.
--   effective_cost: Amortized cost: commitments spread over their term. Null when not loaded. Never add it to billed_cost.
--   x_billed_cost_usd: billed_cost in US dollars by Azure's own rate.
--   x_effective_cost_usd: effective_cost in US dollars by Azure's own rate.
--   x_source: Where the charge came from.
--   x_scope_id: Scope that was asked.
with loaded as (
    select
        scope_id,
        month,
        bool_or(metric = 'ActualCost' and last_success_at is not null) as has_actual,
        bool_or(metric = 'AmortizedCost' and last_success_at is not null) as has_amortized,
    from meta.chunks
    where table_name = 'cost_daily'
    group by all
),

regions as (
    select
        x_scope_id,
        billing_month,
        resource_id,
        arg_max(region_id, abs(cost)) as region_id,
    from staging.cost_resource_locations
    where resource_id is not null and region_id is not null
    group by all
),

charges as (
    select
        x_scope_id,
        billing_month,
        charge_date,
        resource_id,
        service_name,
        billing_currency,
        sum(cost) filter (where metric = 'ActualCost') as billed_cost,
        sum(cost) filter (where metric = 'AmortizedCost') as effective_cost,
        sum(cost_usd) filter (where metric = 'ActualCost') as billed_cost_usd,
        sum(cost_usd) filter (where metric = 'AmortizedCost') as effective_cost_usd,
    from staging.cost_daily
    group by all
)

select
    charges.charge_date as charge_period_start,
    (charges.charge_date + interval 1 day)::date as charge_period_end,
    charges.billing_month,
    'Microsoft' as provider_name,
    regexp_extract(charges.x_scope_id, '^(/subscriptions/[^/]+)', 1) as sub_account_id,
    nullif(regexp_extract(charges.resource_id, '/resourcegroups/([^/]+)', 1), '') as x_resource_group_name,
    charges.resource_id,
    nullif(regexp_extract(charges.resource_id, '([^/]+)$', 1), '') as resource_name,
    nullif(
        array_to_string(
            list_prepend(
                string_split(split_part(charges.resource_id, '/providers/', -1), '/')[1],
                string_split(split_part(charges.resource_id, '/providers/', -1), '/')[2:-:2]
            ),
            '/'
        ),
        ''
    ) as resource_type,
    regions.region_id,
    charges.service_name,
    charges.billing_currency,
    case when loaded.has_actual then coalesce(charges.billed_cost, 0) end as billed_cost,
    case when loaded.has_amortized then coalesce(charges.effective_cost, 0) end as effective_cost,
    case when loaded.has_actual then coalesce(charges.billed_cost_usd, 0) end as x_billed_cost_usd,
    case when loaded.has_amortized then coalesce(charges.effective_cost_usd, 0) end as x_effective_cost_usd,
    'cost_management_query' as x_source,
    charges.x_scope_id,
from charges
left join loaded on charges.x_scope_id = loaded.scope_id and charges.billing_month = loaded.month
left join regions
    on charges.x_scope_id = regions.x_scope_id
    and charges.billing_month = regions.billing_month
    and charges.resource_id = regions.resource_id
