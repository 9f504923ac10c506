-- Unusual days of a service that belong together, with their money: what every anomaly is made of.
-- grain: one row per subscription (or billing account, for charges without one), service, billing currency, direction and first day
-- base_of: marts.cost_anomalies
-- parameters:
--   measure: charges.effective_cost or charges.billed_cost.
--   first_date: First day (UTC) to judge.
--   last_date: Last day to judge; days that are not complete yet are left out all the same.
--   keep := true: Condition on charges, such as charges.service_name = 'Storage'.
--   min_cost := 10: Money a day, in the billing currency, below which nothing is said.
--   complete_to := null: Last complete day, where it is the same for all; null: each subscription's own, by marts.cost_settled, and the earliest of these for charges without one.
--   settled := 'marts.cost_settled_by_account': Where to read these days; 'marts.cost_settled_alike' is faster where complete_to is given.
--   source := 'marts.charge_kinds': What to read; 'marts.charge_days' is faster, and has fewer columns.
--   series_of := 'runs': Where the rows of marts.cost_series are, worked out here by default; those of an earlier first day and a later last day do as well.
--   keep_series := true: Condition on these rows, where they are of more than keep.
-- example: marts.cost_episodes(charges.effective_cost, date '2026-10-20', date '2026-11-19')
-- columns:
--   island: Number of the episode.
--   series: Number of its subscription, service and currency.
--   account_id: Subscription, else billing account.
--   sub_account_id: Subscription, /subscriptions/<guid>; null for charges without one.
--   billing_account_id: Account that receives the invoice, for charges without a subscription; else null.
--   service_name: Service by the bill.
--   billing_currency: Currency of the amounts.
--   is_lower: Whether cost vanished.
--   start_date: First unusual day (UTC).
--   end_date: Last unusual day.
--   compared_to: Last day of which resources are compared with the four weeks before.
--   since_weight: What a resource's cost since the start counts, so that both sides are of as many days.
--   before_weight: What its cost of the four weeks before counts.
--   is_ongoing: Whether it reaches into the last three complete days.
--   anomaly_kind: new, vanished, spike, step or ramp, as marts.cost_anomalies says.
--   cost: Cost of these days, exact.
--   usual_cost: What is usual for them, rounded to cents.
with judged as materialized (
    from marts.cost_anomaly_days(
        measure, first_date, last_date, keep := keep, min_cost := min_cost, complete_to := complete_to, settled := settled,
        source := source, series_of := series_of, keep_series := keep_series
    )
),

flagged as (
    select
        *,
        verdict = 'vanished' as is_lower,
        (2 * series + (verdict = 'vanished')::int) * 100000 + (charge_date - first_date) as place,
    from judged
    where verdict is not null
),

begun as (
    select *, coalesce(place - lag(place) over (order by place) > 7, true) as is_first,
    from flagged
),

islands as (
    select *, count(*) filter (where is_first) over (order by place rows between unbounded preceding and current row) as island,
    from begun
),

spans as (
    select
        island,
        any_value(series) as series,
        any_value(sub_account_id) as sub_account_id,
        any_value(billing_account_id) as billing_account_id,
        any_value(service_name) as service_name,
        any_value(billing_currency) as billing_currency,
        any_value(is_lower) as is_lower,
        min(charge_date) as start_date,
        max(charge_date) as end_date,
        any_value(known_to) as known_to,
        count(*) as flagged_days,
        arg_min(verdict, charge_date) as first_verdict,
        arg_min(cost - usual_cost, charge_date) as first_excess,
        max(cost - usual_cost) as highest_excess,
    from islands
    group by island
),

episodes as (
    select
        island,
        series,
        coalesce(sub_account_id, billing_account_id, '') as account_id,
        sub_account_id,
        billing_account_id,
        service_name,
        billing_currency,
        is_lower,
        start_date,
        end_date,
        least(end_date, start_date + 13) as compared_to,
        case when is_lower then -28 else 28 end as since_weight,
        (least(end_date - start_date, 13) + 1) * case when is_lower then 1 else -1 end as before_weight,
        end_date >= known_to - 2 as is_ongoing,
        case
            when first_verdict in ('new', 'vanished') then first_verdict
            when flagged_days <= 5 then 'spike'
            when first_verdict = 'sustained' or first_excess < 0.4 * highest_excess then 'ramp'
            else 'step'
        end as anomaly_kind,
    from spans
    where not (is_lower and flagged_days < 2)
),

sums as (
    select
        episodes.island,
        sum(judged.cost) as cost,
        sum(case when episodes.anomaly_kind = 'new' then 0 else coalesce(judged.usual_cost, 0) end) as usual_cost,
    from episodes
    inner join judged
        on episodes.series = judged.series
        and judged.charge_date between episodes.start_date and episodes.end_date
    group by episodes.island
)

select
    episodes.*,
    sums.cost,
    sums.usual_cost,
from episodes
inner join sums on episodes.island = sums.island
