-- How much resources were used over the days that metrics are held of: the last 30 complete ones.
-- grain: one row per resource and metric with a figure
-- stored: whole
-- source: Azure Monitor, metrics:getBatch, by the hour
-- columns:
--   resource_id: Full ARM id, lower case.
--   metric_namespace: Resource type whose metric it is, lower case.
--   metric_name: Metric, as Azure Monitor names it.
--   unit: Unit of the figures, such as Percent or Bytes.
--   first_date: First UTC day with a figure.
--   last_date: Last UTC day with a figure.
--   measured_days: Days with a figure.
--   measured_hours: Hours with a figure.
--   average: Mean over the hours with a figure.
--   minimum: Least of the hourly minima.
--   maximum: Greatest of the hourly maxima.
--   p95_maximum: Greatest of the days' 95th percentiles of hourly maxima: 95 % of all hours do not exceed it.
--   total: Sum over the hours with a figure.
select
    resource_id,
    metric_namespace,
    metric_name,
    max(unit) as unit,
    min(usage_date) as first_date,
    max(usage_date) as last_date,
    count(*) as measured_days,
    sum(measured_hours)::bigint as measured_hours,
    sum(average * measured_hours) / sum(measured_hours) filter (where average is not null) as average,
    min(minimum) as minimum,
    max(maximum) as maximum,
    max(p95_maximum) as p95_maximum,
    sum(total) as total,
from staging.resource_metrics
where measured_hours > 0
group by resource_id, metric_namespace, metric_name
