-- Business figures of the user's files in the folder business.
-- grain: one row per day, metric and value of a dimension
-- columns:
--   figure_date: Day the figure is about; the first of a month for monthly ones.
--   metric: What is counted, such as orders.
--   value: How many.
--   dimension: subscription, service, resource_group, or total for the whole.
--   dimension_value: Which one of the dimension, lower case; empty for the whole.
--   file_name: File it came from.
--   loaded_at: Instant since which the lake knows it (UTC).
select
    date as figure_date,
    metric,
    value,
    coalesce(dimension, 'total') as dimension,
    case when dimension is null then '' else lower(coalesce(dimension_value, '')) end as dimension_value,
    _scope_id as file_name,
    _loaded_at as loaded_at,
from raw.business_figures
