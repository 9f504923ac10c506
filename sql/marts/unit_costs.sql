-- Cost per unit of a business figure by day or month: the base of marts.unit_cost_daily and marts.unit_cost_monthly.
-- grain: one row per period, metric, value of a dimension and billing currency
-- base_of: marts.unit_cost_daily, marts.unit_cost_monthly
-- parameters:
--   period: 'day' or 'month'.
-- example: marts.unit_costs('month')
-- columns:
--   period_start: First day of the period (UTC).
--   metric: What is counted, by the user's files.
--   dimension: subscription (name), service or resource_group; total for the whole.
--   dimension_value: Which one, lower case; empty for the whole.
--   billing_currency: Currency of the amounts; never add different ones.
--   value: How many; null when no file tells.
--   figure_days: Days of the period that a figure is dated at; 1 for monthly figures.
--   billed_cost: Actual cost, before tax; null when there is none in the lake.
--   effective_cost: Amortized cost; null when there is none in the lake.
--   billed_cost_per_unit: Actual cost of one, rounded to 12 decimals; null when either is missing, or the value is 0.
--   effective_cost_per_unit: Amortized cost of one, rounded to 12 decimals; null when either is missing.
with figures as (
    select date_trunc(period, figure_date)::date as period_start, metric, dimension, dimension_value, sum(value)::decimal(38, 24) as value,
        count(distinct figure_date) as figure_days,
    from staging.business_figures
    group by all
),

metrics as (
    select metric, dimension, dimension_value, min(period_start) as first_date, max(period_start) as last_date,
    from figures
    group by all
),

charged as (
    select
        case period when 'month' then charges.billing_month else charges.charge_period_start end as period_start,
        charges.billing_currency,
        lower(coalesce(subscriptions.sub_account_name, charges.sub_account_name, '')) as subscription,
        lower(coalesce(charges.service_name, '')) as service,
        coalesce(charges.x_resource_group_name, '') as resource_group,
        sum(charges.billed_cost) as billed_cost,
        sum(charges.effective_cost) as effective_cost,
    from marts.charges as charges
    left join marts.subscriptions as subscriptions using (sub_account_id)
    where charges.charge_period_start >= (select min(period_start) from figures)
    group by all
),

costs as (
    select period_start, billing_currency, 'total' as dimension, '' as dimension_value,
        sum(billed_cost) as billed_cost, sum(effective_cost) as effective_cost,
    from charged
    group by all
    union all
    select period_start, billing_currency, 'subscription', subscription, sum(billed_cost), sum(effective_cost),
    from charged
    group by all
    union all
    select period_start, billing_currency, 'service', service, sum(billed_cost), sum(effective_cost),
    from charged
    group by all
    union all
    select period_start, billing_currency, 'resource_group', resource_group, sum(billed_cost), sum(effective_cost),
    from charged
    group by all
),

places as (
    select costs.period_start, metrics.metric, metrics.dimension, metrics.dimension_value, costs.billing_currency,
    from costs
    inner join metrics using (dimension, dimension_value)
    where costs.period_start between metrics.first_date and metrics.last_date
    union
    select figures.period_start, figures.metric, figures.dimension, figures.dimension_value, currencies.billing_currency,
    from figures
    left join (select distinct dimension, dimension_value, billing_currency from costs) as currencies
        using (dimension, dimension_value)
)

select
    places.period_start,
    places.metric,
    places.dimension,
    places.dimension_value,
    places.billing_currency,
    figures.value,
    costs.billed_cost,
    costs.effective_cost,
    (from marts.per_unit(costs.billed_cost, figures.value)) as billed_cost_per_unit,
    (from marts.per_unit(costs.effective_cost, figures.value)) as effective_cost_per_unit,
    figures.figure_days,
from places
left join figures using (period_start, metric, dimension, dimension_value)
left join costs using (period_start, billing_currency, dimension, dimension_value)
