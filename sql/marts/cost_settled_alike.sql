-- No last complete day: in place of marts.cost_settled_by_account where the day is given, which is much less to plan.
-- grain: no row
-- base_of: marts.cost_anomalies, marts.cost_first_seen
-- columns:
--   sub_account_id: Always null.
--   settled_date: Always null.
select
    null::varchar as sub_account_id,
    null::date as settled_date,
where false
