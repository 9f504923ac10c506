-- Azure's own total of each month beside what the lake's charges add up to: what shows that a closed month was restated.
-- grain: one row per scope, month and billing currency that Azure gave a total for
-- source: the charges of the source that is chosen for the scope; a closed month whose total differs by a cent or more is asked for once more after each total that is new
-- columns:
--   scope_id: Scope that was asked.
--   month: First day of the calendar month (UTC).
--   billing_currency: Currency of the amounts.
--   table_name: Raw table whose rows are added up; null where no source is chosen.
--   azure_cost: Actual cost of the month by Azure's total, before tax.
--   lake_cost: What the rows of that month add up to; null where they are not loaded.
--   difference: azure_cost less lake_cost.
--   total_since: Instant of the load that brought Azure's total as it is (UTC).
--   rows_since: Instant since which the rows are known (UTC); null when they are not.
with chosen as (
    select scope_id, table_name
    from (select scope_id, unnest(tables) as table_name from meta.cost_sources)
    where table_name in ('cost_daily', 'cost_details', 'usage_details')
),

held as (
    select 'cost_daily' as table_name, _scope_id, _month, upper(currency) as billing_currency, sum(cost) as cost
    from raw.cost_daily
    where _metric = 'ActualCost'
    group by all
    union all
    select
        'cost_details' as table_name,
        _scope_id,
        _month,
        upper(billing_currency) as billing_currency,
        sum(cost_in_billing_currency) as cost,
    from raw.cost_details
    where _metric = 'ActualCost'
    group by all
    union all
    select
        'usage_details' as table_name,
        _scope_id,
        _month,
        upper(billing_currency) as billing_currency,
        sum(cost_in_billing_currency) as cost,
    from raw.usage_details
    where _metric = 'ActualCost'
    group by all
)

select
    totals.x_scope_id as scope_id,
    totals.billing_month as month,
    totals.billing_currency,
    chosen.table_name,
    totals.cost as azure_cost,
    case when chunks.last_success_at is not null then coalesce(held.cost, 0) end as lake_cost,
    totals.cost - case when chunks.last_success_at is not null then coalesce(held.cost, 0) end as difference,
    totals.loaded_at as total_since,
    chunks.last_success_at as rows_since,
from staging.cost_monthly_totals as totals
left join chosen on totals.x_scope_id = chosen.scope_id
left join meta.chunks as chunks
    on totals.x_scope_id = chunks.scope_id
    and totals.billing_month = chunks.month
    and chosen.table_name = chunks.table_name
    and chunks.metric = 'ActualCost'
left join held
    on totals.x_scope_id = held._scope_id
    and totals.billing_month = held._month
    and totals.billing_currency = held.billing_currency
    and chosen.table_name = held.table_name
