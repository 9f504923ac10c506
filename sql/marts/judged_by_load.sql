-- The resources of a listing with how busy they were, by processor and traffic, and whether both are known well enough to judge them.
-- grain: one row per resource of the listing, in subscriptions whose metrics are switched on
-- base_of: audits.idle_vms, audits.idle_app_service_plans
-- parameters:
--   source := 'staging.virtual_machines': The listing.
--   needed_days := null: Measured days without which nothing is judged; null: idle_metric_days, else 28.
-- example: marts.judged_by_load(source := 'staging.virtual_machines')
-- source: little load of the processor alone is no proof: a machine may only pass data on
-- columns:
--   days_needed: Measured days without which nothing is judged.
--   spared: Why it is not to be judged: it is too young; null otherwise.
--   unknown: Why its load cannot be judged, in one sentence; null when it can.
--   is_undecided: Whether the figures are not enough to judge it.
--   measured_days: Days with figures of both its processor and its traffic.
select
    * replace (
        case
            when unknown is not null or spared is not null then unknown
            when coalesce(traffic_days, 0) < days_needed
                then 'Azure Monitor has figures of its traffic of ' || coalesce(traffic_days, 0) || ' days; ' || days_needed
                    || ' are needed.'
        end as unknown,
        is_undecided or coalesce(traffic_days, 0) < days_needed as is_undecided,
        least(measured_days, traffic_days) as measured_days
    ),
from marts.judged_by_use(source := source, usage := 'marts.resource_load', needed_days := needed_days)
