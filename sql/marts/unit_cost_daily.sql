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
select * exclude (figure_days) rename (period_start as charge_date)
from marts.unit_costs('day')
