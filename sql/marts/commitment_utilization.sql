-- How each commitment was used in a period, by Azure's own daily figures.
-- grain: one row per commitment with a figure in the period
-- source: reservation summaries tell hours; a plan's commitment is the same each hour, so its days weigh alike
-- parameters:
--   first_day := null: First day (UTC); default: all that is held.
--   last_day := null: Last day (UTC), inclusive; default: all that is held.
-- example: marts.commitment_utilization(first_day := date '2026-10-01', last_day := date '2026-10-31')
-- columns:
--   commitment_name: Its guid, lower case.
--   utilization: Percent used: hours used of hours paid for, else the mean of the days.
--   utilization_days: Days with a figure.
--   reserved_hours: Hours that were paid for; null for plans.
--   used_hours: Hours that were used; null for plans.
with hours as ( -- an account and its profiles tell the same days
    select reservation_name as commitment_name, usage_date, max(reserved_hours) as reserved_hours, max(used_hours) as used_hours,
    from staging.reservation_summaries
    where usage_date between coalesce(first_day, date '1900-01-01') and coalesce(last_day, date '9999-12-31')
    group by all
),

days as (
    select regexp_extract(benefit_id, '[^/]+$') as commitment_name, usage_date, max(average_utilization) as average_utilization,
    from staging.benefit_utilization
    where
        benefit_type <> 'includedquantity'
        and usage_date between coalesce(first_day, date '1900-01-01') and coalesce(last_day, date '9999-12-31')
    group by all
),

by_hours as (
    select commitment_name, sum(reserved_hours) as reserved_hours, sum(used_hours) as used_hours, count(*) as day_count,
    from hours
    group by commitment_name
),

by_days as (
    select commitment_name, avg(average_utilization::double) as average_utilization, count(*) as day_count,
    from days
    group by commitment_name
)

select
    commitment_name,
    round(coalesce(100 * by_hours.used_hours::double / nullif(by_hours.reserved_hours, 0)::double, by_days.average_utilization), 2) as utilization,
    coalesce(by_hours.day_count, by_days.day_count) as utilization_days,
    by_hours.reserved_hours,
    by_hours.used_hours,
from by_hours
full join by_days using (commitment_name)
