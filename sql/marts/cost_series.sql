-- Each service's cost of each day, and what was usual for it, in lists: what anomalies are judged by, whatever days and money are asked for.
-- grain: one row per subscription (or billing account, for charges without one), service, billing currency and run: a run begins
--   with the first charge, and anew with each one after eight days or more without; each goes on to the last day, so that later runs are in it
-- base_of: marts.cost_anomaly_days, marts.cost_anomalies
-- source: usual is the median of the last eight same weekdays, which single unusual days do not move; noise the median
--   of how much a day differs from the same weekday of the week before, over eight weeks
-- parameters:
--   measure: charges.effective_cost or charges.billed_cost.
--   first_date: First day (UTC) that can be judged; what it is compared with is read from ten weeks before.
--   last_date: Last day; days that are not complete yet are left out all the same.
--   keep := true: Condition on charges, such as charges.service_name = 'Storage'.
--   complete_to := null: Last complete day, where it is the same for all; null: each subscription's own, by marts.cost_settled, and the earliest of these for charges without one.
--   settled := 'marts.cost_settled_by_account': Where to read these days; 'marts.cost_settled_alike' is faster where complete_to is given.
--   source := 'marts.charge_kinds': What to read; 'marts.charge_days' is faster, and has fewer columns.
-- example: marts.cost_series(charges.effective_cost, date '2026-10-20', date '2026-11-19')
-- columns:
--   series: Number of the row, by all of the columns that follow.
--   sub_account_id: Subscription, /subscriptions/<guid>; null for charges without one.
--   billing_account_id: Account that receives the invoice, for charges without a subscription; else null.
--   service_name: Service by the bill.
--   billing_currency: Currency of the amounts.
--   first_charged: First day of the run, which the lists of all its days begin with.
--   charged_before: Last day with a charge before the run; null of the first.
--   charged_to: Last day with a charge of this run alone.
--   dates: Days with a charge, from first_charged on.
--   costs: Cost of each day, exact; 0 without a charge. Usage, unused commitments included; purchases, refunds, rounding and tax left out.
--   amounts: The same as floating point numbers.
--   swings: How much a day differs from the same weekday of the week before, as a share of both; begins on the eighth day.
--   first_judged: Place in the lists of all days where the lists of judged days begin.
--   usuals: What is usual on each judged day; null in a run's first week.
--   week_excesses: Median of how much the cost of its last seven days was above usual.
--   week_usuals: Median of what was usual for these seven days; null where it does not matter.
--   noises: How much days usually differ, as a share of their cost (standard deviation); null where it does not matter.
with spent as materialized (
    select
        charges.sub_account_id,
        case when charges.sub_account_id is null then charges.billing_account_id end as billing_account_id,
        charges.service_name,
        charges.billing_currency,
        charges.charge_period_start as charge_date,
        coalesce(sum(measure), 0) as cost,
    from query_table(source) as charges
    left join query_table(settled) as settled
        on charges.sub_account_id is not distinct from settled.sub_account_id
    where
        charges.charge_period_start between first_date - 70 and last_date
        and charges.charge_period_start <= coalesce(case when complete_to is null then settled.settled_date end, complete_to, last_date)
        and charges.charge_kind in ('usage', 'unused_commitment')
        and keep
    group by all
),

charged as materialized (
    select
        sub_account_id,
        billing_account_id,
        service_name,
        billing_currency,
        max(charge_date) as last_charged,
        list(charge_date order by charge_date) as dates,
        list(cost order by charge_date) as costs,
    from spent
    group by all
),

known as (
    select
        sub_account_id,
        billing_account_id,
        max(last_charged) as known_to,
    from charged
    group by all
),

begun as (
    select
        charged.*,
        known.known_to,
        case
            when len(charged.dates) = charged.last_charged - charged.dates[1] + 1 then [1]
            else list_prepend(1, [i for i in range(2, len(charged.dates) + 1) if charged.dates[i] - charged.dates[i - 1] > 8])
        end as begins,
    from charged
    inner join known
        on charged.sub_account_id is not distinct from known.sub_account_id
        and charged.billing_account_id is not distinct from known.billing_account_id
),

runs as (
    select
        *,
        unnest(begins) as begin,
        unnest(list_append(begins[2:], len(dates) + 1)) as next_begin,
    from begun
),

dense as (
    select
        row_number() over (
            order by sub_account_id, billing_account_id, service_name, billing_currency, dates[begin]
        ) as series,
        sub_account_id,
        billing_account_id,
        service_name,
        billing_currency,
        dates[begin] as first_charged,
        dates[begin - 1] as charged_before,
        dates[next_begin - 1] as charged_to,
        known_to - dates[begin] + 1 as known_days,
        dates[begin:] as dates,
        case
            when len(costs) - begin = known_to - dates[begin] then costs[begin:]
            else
                flatten([
                    list_resize([costs[i]], coalesce(dates[i + 1], known_to + 1) - dates[i], 0)
                    for i in range(begin, len(costs) + 1)
                ])
        end as costs,
    from runs
),

doubled as (
    select
        *,
        costs::double[] as amounts,
        greatest(first_date - first_charged + 1, 1) as first_judged,
        greatest(first_date - first_charged - 5, 1) as week_before,
    from dense
),

lagged as (
    select
        *,
        [
            case when i > 7 then list_aggregate(amounts[i - 7 * least((i - 1) // 7, 8):i - 7:7], 'median') end
            for i in range(week_before, known_days + 1)
        ] as usuals,
        [
            abs(amounts[i] - amounts[i - 7]) / nullif((amounts[i] + amounts[i - 7]) / 2, 0)
            for i in range(8, known_days + 1)
        ] as swings,
    from doubled
),

exceeding as (
    select
        *,
        [amounts[week_before + k - 1] - usuals[k] for k in range(1, len(usuals) + 1)] as excesses,
        0.15 * list_min(usuals) as least,
    from lagged
),

weekly as (
    select
        *,
        [
            list_aggregate(excesses[greatest(k - 6, 1):k], 'median')
            for k in range(first_judged - week_before + 1, len(usuals) + 1)
        ] as week_excesses,
    from exceeding
)

select
    series,
    sub_account_id,
    billing_account_id,
    service_name,
    billing_currency,
    first_charged,
    charged_before,
    charged_to,
    dates,
    costs,
    amounts,
    swings,
    first_judged,
    usuals[first_judged - week_before + 1:] as usuals,
    week_excesses,
    [
        case
            when week_excesses[k] > least
                then list_aggregate(usuals[greatest(k + first_judged - week_before - 6, 1):k + first_judged - week_before], 'median')
        end
        for k in range(1, len(week_excesses) + 1)
    ] as week_usuals,
    [
        case
            when
                k + first_judged > 9
                and (
                    excesses[k + first_judged - week_before] > 0.3 * greatest(usuals[k + first_judged - week_before], 0)
                    or week_excesses[k] > greatest(least, 0)
                )
                then list_aggregate(swings[greatest(k + first_judged - 64, 1):k + first_judged - 9], 'median') / 0.954
        end
        for k in range(1, len(week_excesses) + 1)
    ] as noises,
from weekly
