-- Azure's own daily figures of how commitments were used, kept ready: an account and its profiles tell the same days.
-- grain: one row per commitment, UTC day, and whether the figure is of hours
-- base_of: marts.commitment_utilization
-- stored: whole
-- columns:
--   commitment_name: Its guid, lower case.
--   usage_date: UTC day.
--   is_by_hours: Whether hours are told (reservation summaries), else a mean of the day (benefit utilization).
--   reserved_hours: Hours that were paid for; null where only a mean is told.
--   used_hours: Hours that were used; null where only a mean is told.
--   average_utilization: Percent used; null where hours are told.
select
    reservation_name as commitment_name,
    usage_date,
    true as is_by_hours,
    max(reserved_hours) as reserved_hours,
    max(used_hours) as used_hours,
    null as average_utilization,
from staging.reservation_summaries
group by all
union all
select
    regexp_extract(benefit_id, '[^/]+$') as commitment_name,
    usage_date,
    false as is_by_hours,
    null as reserved_hours,
    null as used_hours,
    max(average_utilization) as average_utilization,
from staging.benefit_utilization
where benefit_type <> 'includedquantity'
group by all
