-- What cost more, or vanished, against what is usual: one row per cause, with its money.
-- grain: one row per subscription (or billing account, for charges without one), billing currency, direction and cause (a resource, a resource group or a service)
-- source: flagged days of a service at most a week apart are one anomaly; anomalies of one resource group that start
--   within two days of each other have one cause
-- parameters:
--   measure: charges.effective_cost or charges.billed_cost.
--   first_date: First day (UTC) to judge.
--   last_date: Last day to judge; days that are not complete yet are left out all the same.
--   keep := true: Condition on charges, such as charges.service_name = 'Storage'.
--   min_cost := 10: Money a day, in the billing currency, below which nothing is said.
--   complete_to := null: Last complete day, where it is the same for all; null: each subscription's own, by marts.cost_settled, and the earliest of these for charges without one.
--   settled := 'marts.cost_settled_by_account': Where to read these days; 'marts.cost_settled_alike' is faster where complete_to is given.
--   source := 'marts.charge_kinds': What to read; 'marts.charge_days' is faster, and has fewer columns.
--   by_resource := 'marts.charge_kinds': What to read for the resources; 'marts.charges_now' is faster, and has fewer columns.
--   series_of := 'runs': Where the rows of marts.cost_series are, worked out here by default; those of an earlier first day and a later last day do as well.
--   keep_series := true: Condition on these rows, where they are of more than keep.
-- example: marts.cost_anomalies(charges.effective_cost, date '2026-10-20', date '2026-11-19')
-- like: marts.anomalies_of_episodes
with episodes as materialized (
    from marts.cost_episodes(
        measure, first_date, last_date, keep := keep, min_cost := min_cost, complete_to := complete_to, settled := settled,
        source := source, series_of := series_of, keep_series := keep_series
    )
),

changes as (
    from marts.episode_changes('episodes', measure, first_date, last_date, keep := keep, source := by_resource)
)

from marts.anomalies_of_episodes('episodes', 'changes', min_cost := min_cost)
