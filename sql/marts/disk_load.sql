-- How much managed disks were read and written.
-- grain: one row per disk with figures of all four metrics, and per young resource
-- base_of: audits.underused_premium_disks
-- stored: whole
-- source: Azure Monitor's reference of supported metrics of Microsoft.Compute/disks, taken by the minute; reading and writing are added as if their peaks fell together
-- columns:
--   resource_id: Full ARM id, lower case.
--   young_since: Instant of creation (UTC) of what was created lately; such resources have a row also without a figure.
--   operations_average: Operations a second on average.
--   operations_peak: Operations a second that 95 % of all hours' peaks do not exceed.
--   operations_maximum: Most operations a second in any minute.
--   bytes_peak: Bytes a second that 95 % of all hours' peaks do not exceed.
--   bytes_maximum: Most bytes a second in any minute.
--   first_date: First UTC day with a figure.
--   last_date: Last such day.
--   measured_days: Days with figures.
with measured as (
    select
        resource_id,
        sum(average) filter (where metric_name like '%Operations%') as operations_average,
        sum(p95_maximum) filter (where metric_name like '%Operations%') as operations_peak,
        sum(maximum) filter (where metric_name like '%Operations%') as operations_maximum,
        sum(p95_maximum) filter (where metric_name like '%Bytes%') as bytes_peak,
        sum(maximum) filter (where metric_name like '%Bytes%') as bytes_maximum,
        min(first_date) as first_date,
        max(last_date) as last_date,
        min(measured_days) as measured_days,
    from marts.resource_usage
    where metric_namespace = 'microsoft.compute/disks'
    group by resource_id
    having count(*) = 4
)

select
    coalesce(measured.resource_id, young.resource_id) as resource_id,
    young.created_at as young_since,
    measured.* exclude (resource_id),
from measured
full join marts.young_resources as young on measured.resource_id = young.resource_id
