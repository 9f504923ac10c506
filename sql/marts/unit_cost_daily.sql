-- Cost per unit of a business figure by day: what one order, user or tenant costs. Where the cost or the figure is
--   missing, it is null.
-- grain: one row per day, metric, value of a dimension and billing currency
-- example: select * from marts.unit_cost_daily where metric = 'orders' order by charge_date desc
-- columns:
--   charge_date: Day (UTC).
--   metric: What is counted, by the user's files.
--   dimension: subscription (name), service or resource_group; total for the whole.
--   dimension_value: Which one, lower case; empty for the whole.
--   billing_currency: Currency of the amounts; never add different ones.
--   value: How many; null when no file tells.
--   billed_cost: Actual cost, before tax; null when there is none in the lake.
--   effective_cost: Amortized cost; null when there is none in the lake.
--   billed_cost_per_unit: Actual cost of one, rounded to 12 decimals; null when either is missing, or the value is 0.
--   effective_cost_per_unit: Amortized cost of one, rounded to 12 decimals; null when either is missing.
with figures as (
    select figure_date as charge_date, metric, dimension, dimension_value, sum(value)::decimal(38, 24) as value,
    from staging.business_figures
    group by all
),

metrics as (
    select metric, dimension, dimension_value, min(charge_date) as first_date, max(charge_date) as last_date,
    from figures
    group by all
),

charged as (
    select
        charges.charge_period_start as charge_date,
        charges.billing_currency,
        lower(coalesce(subscriptions.sub_account_name, charges.sub_account_name, '')) as subscription,
        lower(coalesce(charges.service_name, '')) as service,
        coalesce(charges.x_resource_group_name, '') as resource_group,
        sum(charges.billed_cost) as billed_cost,
        sum(charges.effective_cost) as effective_cost,
    from marts.charges as charges
    left join marts.subscriptions as subscriptions using (sub_account_id)
    where charges.charge_period_start >= (select min(charge_date) from figures)
    group by all
),

costs as (
    select charge_date, billing_currency, 'total' as dimension, '' as dimension_value,
        sum(billed_cost) as billed_cost, sum(effective_cost) as effective_cost,
    from charged
    group by all
    union all
    select charge_date, billing_currency, 'subscription', subscription, sum(billed_cost), sum(effective_cost),
    from charged
    group by all
    union all
    select charge_date, billing_currency, 'service', service, sum(billed_cost), sum(effective_cost),
    from charged
    group by all
    union all
    select charge_date, billing_currency, 'resource_group', resource_group, sum(billed_cost), sum(effective_cost),
    from charged
    group by all
),

places as (
    select costs.charge_date, metrics.metric, metrics.dimension, metrics.dimension_value, costs.billing_currency,
    from costs
    inner join metrics using (dimension, dimension_value)
    where costs.charge_date between metrics.first_date and metrics.last_date
    union
    select figures.charge_date, figures.metric, figures.dimension, figures.dimension_value, currencies.billing_currency,
    from figures
    left join (select distinct dimension, dimension_value, billing_currency from costs) as currencies
        using (dimension, dimension_value)
)

select
    places.charge_date,
    places.metric,
    places.dimension,
    places.dimension_value,
    places.billing_currency,
    figures.value,
    costs.billed_cost,
    costs.effective_cost,
    (from marts.per_unit(costs.billed_cost, figures.value)) as billed_cost_per_unit,
    (from marts.per_unit(costs.effective_cost, figures.value)) as effective_cost_per_unit,
from places
left join figures using (charge_date, metric, dimension, dimension_value)
left join costs using (charge_date, billing_currency, dimension, dimension_value)
