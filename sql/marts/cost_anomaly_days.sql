-- Each service's cost of each day against what is usual for it on that weekday: the base of all anomalies.
-- grain: one row per subscription (or billing account, for charges without one), service, billing currency and complete day from first_date to last_date
-- base_of: marts.cost_anomalies
-- source: usual is the median of the last eight same weekdays, which single unusual days do not move; noise the median
--   of how much a day differs from the same weekday of the week before, over eight weeks
-- parameters:
--   measure: charges.effective_cost or charges.billed_cost.
--   first_date: First day (UTC) to judge.
--   last_date: Last day to judge; days that are not complete yet are left out all the same.
--   keep := true: Condition on charges, such as charges.service_name = 'Storage'.
--   min_cost := 10: Money a day, in the billing currency, below which nothing is said.
--   complete_to := null: Last complete day, where it is the same for all; null: each subscription's own, by marts.cost_settled, and the earliest of these for charges without one.
--   source := 'marts.charge_kinds': What to read; 'marts.charge_days' is faster, and has fewer columns.
-- example: marts.cost_anomaly_days(charges.effective_cost, date '2026-10-20', date '2026-11-19')
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>; null for charges without one.
--   billing_account_id: Account that receives the invoice, for charges without a subscription; else null.
--   service_name: Service by the bill.
--   billing_currency: Currency of the amounts.
--   charge_date: UTC day.
--   first_charged: First day with a charge of the service in the last ten weeks before first_date, or since.
--   known_from: First day of the subscription in these weeks.
--   known_to: Last complete day of the subscription.
--   cost: Usage of the day, unused commitments included; purchases, refunds, rounding and tax left out.
--   usual_cost: What is usual on that weekday, rounded to cents; null in a service's first days.
--   noise: How much its days usually differ, as a share of their cost (standard deviation).
--   verdict: new (a service's first three weeks), vanished (next to nothing where min_cost is usual), high (far above usual, and not what the same day of the month before cost more), sustained (the last seven days above usual by more than noise and growth explain), or null.
with spent as materialized (
    select
        charges.sub_account_id,
        case when charges.sub_account_id is null then charges.billing_account_id end as billing_account_id,
        charges.service_name,
        charges.billing_currency,
        charges.charge_period_start as charge_date,
        sum(measure) as exact_cost,
        sum(measure)::double as cost,
    from query_table(source) as charges
    left join (from marts.cost_settled_by_account where complete_to is null) as settled
        on charges.sub_account_id is not distinct from settled.sub_account_id
    where
        charges.charge_period_start between first_date - 70 and last_date
        and charges.charge_period_start <= coalesce(settled.settled_date, complete_to, last_date)
        and charges.charge_kind in ('usage', 'unused_commitment')
        and keep
    group by all
),

known as (
    select
        sub_account_id,
        billing_account_id,
        min(charge_date) as known_from,
        max(charge_date) as known_to,
    from spent
    group by all
),

series as materialized (
    select
        row_number() over () as series,
        spent.sub_account_id,
        spent.billing_account_id,
        spent.service_name,
        spent.billing_currency,
        min(spent.charge_date) as first_charged,
        any_value(known.known_from) as known_from,
        any_value(known.known_to) as known_to,
    from spent
    inner join known
        on spent.sub_account_id is not distinct from known.sub_account_id
        and spent.billing_account_id is not distinct from known.billing_account_id
    group by all
),

days as (
    select
        series,
        unnest(generate_series(first_charged, known_to, interval 1 day))::date as charge_date,
    from series
),

numbered as (
    select
        series.series,
        spent.charge_date,
        spent.exact_cost,
        spent.cost,
    from spent
    inner join series
        on spent.sub_account_id is not distinct from series.sub_account_id
        and spent.billing_account_id is not distinct from series.billing_account_id
        and spent.service_name is not distinct from series.service_name
        and spent.billing_currency = series.billing_currency
),

costs as materialized (
    select
        days.series,
        days.charge_date,
        coalesce(numbered.exact_cost, 0) as exact_cost,
        coalesce(numbered.cost, 0) as cost,
    from days
    left join numbered on days.series = numbered.series and days.charge_date = numbered.charge_date
),

lagged as (
    select
        *,
        list_aggregate( -- much faster than a window of its own for each weekday
            [
                lag(cost, 7) over by_day, lag(cost, 14) over by_day, lag(cost, 21) over by_day, lag(cost, 28) over by_day,
                lag(cost, 35) over by_day, lag(cost, 42) over by_day, lag(cost, 49) over by_day, lag(cost, 56) over by_day
            ],
            'median'
        ) as usual,
        (row_number() over by_day - 1) // 7 as weeks,
        lag(cost, 7) over by_day as week_ago,
        max(cost) over before as highest,
    from costs
    window
        by_day as (partition by series order by charge_date),
        before as (
            partition by series order by charge_date
            rows between 56 preceding and 1 preceding
        )
),

spread as materialized (
    select
        *,
        median(abs(cost - week_ago) / nullif((cost + week_ago) / 2, 0)) over (
            partition by series order by charge_date
            rows between 56 preceding and 1 preceding
        ) / 0.954 as noise,
        cost - usual as excess,
        median(cost - usual) over week as week_excess,
        median(usual) over week as week_usual,
    from lagged
    window week as (
        partition by series order by charge_date
        rows between 6 preceding and current row
    )
)

select
    series.sub_account_id,
    series.billing_account_id,
    series.service_name,
    series.billing_currency,
    spread.charge_date,
    series.first_charged,
    series.known_from,
    series.known_to,
    spread.exact_cost as cost,
    round(spread.usual, 2)::decimal(38, 2) as usual_cost,
    round(spread.noise, 4) as noise,
    case
        when
            series.first_charged >= greatest(first_date, series.known_from + 28)
            and spread.charge_date < series.first_charged + 21
            then case when spread.cost >= min_cost then 'new' end
        when spread.weeks < 3 then null
        when spread.usual >= min_cost and spread.cost < 0.1 * spread.usual then 'vanished'
        when
            spread.excess > greatest(min_cost, spread.usual * greatest(0.3, 5 * spread.noise))
            and (spread.usual > 0 or spread.cost > 1.5 * spread.highest)
            and spread.excess > 1.5 * coalesce(month_before.excess, 0)
            then 'high'
        when
            spread.week_excess > greatest(min_cost, spread.week_usual * greatest(0.15, 2.5 * spread.noise))
            then 'sustained'
    end as verdict,
from spread
inner join series using (series)
left join spread as month_before
    on spread.series = month_before.series
    and month_before.charge_date = (spread.charge_date - interval 1 month)::date
where spread.charge_date >= first_date
