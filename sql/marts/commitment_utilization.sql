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
select
    commitment_name,
    round(
        coalesce(
            100 * sum(used_hours)::double / nullif(sum(reserved_hours), 0)::double, avg(average_utilization::double)
        ),
        2
    ) as utilization,
    coalesce(nullif(count(*) filter (where is_by_hours), 0), count(*)) as utilization_days,
    sum(reserved_hours) as reserved_hours,
    sum(used_hours) as used_hours,
from marts.commitment_use_days
where usage_date between coalesce(first_day, date '1900-01-01') and coalesce(last_day, date '9999-12-31')
group by commitment_name
