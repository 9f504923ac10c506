-- How much resources were used by Azure Monitor, with normalised ids; empty where metrics were never switched on.
-- grain: one row per resource, metric and UTC day that was asked for
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   metric_namespace: Resource type whose metric it is, lower case.
--   metric_name: Metric, as Azure Monitor names it.
--   usage_date: UTC day.
--   unit: Unit of the figures, such as Percent or Bytes.
--   average: Mean of the hourly averages.
--   minimum: Least of the hourly minima.
--   maximum: Greatest of the hourly maxima.
--   p95_maximum: Hourly maximum that 95 % of the day's hours do not exceed.
--   total: Sum of the hourly totals.
--   measured_hours: Hours with a figure; 0: there was none, which is not 0 use.
select
    lower(resource_id) as resource_id,
    _scope_id as sub_account_id,
    lower(metric_namespace) as metric_namespace,
    metric_name,
    usage_date,
    unit,
    average,
    minimum,
    maximum,
    p95_maximum,
    total,
    measured_hours,
from raw.resource_metrics
