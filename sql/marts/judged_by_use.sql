-- The resources of a listing with what Azure Monitor's metrics say of their use, and whether that is enough to judge them.
-- grain: one row per resource of the listing, in subscriptions whose metrics are switched on
-- parameters:
--   source := 'staging.nat_gateways': The listing.
--   usage := 'marts.resource_activity': What tells the use: 'marts.resource_activity', or 'marts.resource_load'.
--   needed_days := null: Measured days without which nothing is judged; null: idle_metric_days, else 28.
-- example: marts.judged_by_use(source := 'staging.nat_gateways')
-- source: a job that runs once a month is use, too, so 28 days; a resource that is younger has had no time to be used
-- columns:
--   days_needed: Measured days without which nothing is judged.
--   unknown: Why its use cannot be judged, in one sentence; null when it can.
--   spared: Why it is not to be judged: it is too young; null otherwise.
--   is_undecided: Whether the figures are not enough to judge it.
with judged as (
    select
        items.*,
        used.* exclude (resource_id, young_since),
        metrics.unknown as why_unknown,
        metrics.reason,
        coalesce(needed_days, getvariable('idle_metric_days'), 28)::int as days_needed,
        coalesce(used.young_since > items.loaded_at - to_days(days_needed), false) as is_young,
    from query_table(source) as items
    inner join marts.metric_subscriptions as metrics using (sub_account_id)
    left join query_table(usage) as used using (resource_id)
)

select
    * exclude (why_unknown, reason, is_young),
    case
        when is_young then null
        when why_unknown is not null then why_unknown
        when measured_days is null then 'Azure Monitor has no figures of it' || coalesce(': ' || reason, '.')
        when measured_days < days_needed
            then 'Azure Monitor has figures of ' || measured_days || ' days; ' || days_needed || ' are needed.'
    end as unknown,
    case when is_young then 'Is there for less than ' || days_needed || ' days.' end as spared,
    why_unknown is not null or measured_days is null or measured_days < days_needed as is_undecided,
from judged
