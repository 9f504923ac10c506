-- Charges by the Cost Management query: actual and amortized cost joined by day, resource and service.
-- grain: one row per scope, UTC day, subscription, resource, service and billing currency
-- stored: x_scope_id, billing_month
-- remembers: x_loaded_at
-- like: raw.focus_charges
with loaded as (
    select
        scope_id,
        month,
        bool_or(metric = 'ActualCost') as has_actual,
        bool_or(metric = 'AmortizedCost') as has_amortized,
    from meta.loads
    where table_name = 'cost_daily' and outcome in ('loaded', 'partial')
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
        sub_account_id,
        resource_id,
        service_name,
        billing_currency,
        sum(cost) filter (where metric = 'ActualCost') as billed_cost,
        sum(cost) filter (where metric = 'AmortizedCost') as effective_cost,
        sum(cost_usd) filter (where metric = 'ActualCost') as billed_cost_usd,
        sum(cost_usd) filter (where metric = 'AmortizedCost') as effective_cost_usd,
        max(loaded_at) as loaded_at,
    from staging.cost_daily
    group by all
),

-- a resource has many charges, and its id is taken apart once
resources as (
    select
        charged.x_scope_id,
        charged.billing_month,
        charged.resource_id,
        nullif(regexp_extract(charged.resource_id, '/resourcegroups/([^/]+)', 1), '') as x_resource_group_name,
        nullif(regexp_extract(charged.resource_id, '([^/]+)$', 1), '') as resource_name,
        nullif(
            array_to_string(
                list_prepend(
                    string_split(split_part(charged.resource_id, '/providers/', -1), '/')[1],
                    string_split(split_part(charged.resource_id, '/providers/', -1), '/')[2:-:2]
                ),
                '/'
            ),
            ''
        ) as resource_type,
        regions.region_id,
    from (
        select distinct x_scope_id, billing_month, resource_id
        from charges
        where resource_id is not null
    ) as charged
    left join regions using (x_scope_id, billing_month, resource_id)
)

select
    charges.charge_date as charge_period_start,
    (charges.charge_date + interval 1 day)::date as charge_period_end,
    charges.billing_month,
    'Microsoft' as provider_name,
    charges.sub_account_id,
    resources.x_resource_group_name,
    charges.resource_id,
    resources.resource_name,
    resources.resource_type,
    resources.region_id,
    charges.service_name,
    charges.billing_currency,
    case when loaded.has_actual then coalesce(charges.billed_cost, 0) end as billed_cost,
    case when loaded.has_amortized then coalesce(charges.effective_cost, 0) end as effective_cost,
    case when loaded.has_actual then coalesce(charges.billed_cost_usd, 0) end as x_billed_cost_usd,
    case when loaded.has_amortized then coalesce(charges.effective_cost_usd, 0) end as x_effective_cost_usd,
    'query' as x_source,
    charges.x_scope_id,
    charges.loaded_at as x_loaded_at,
from charges
left join loaded on charges.x_scope_id = loaded.scope_id and charges.billing_month = loaded.month
left join resources
    on charges.x_scope_id = resources.x_scope_id
    and charges.billing_month = resources.billing_month
    and charges.resource_id = resources.resource_id
