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
--   settled := 'marts.cost_settled_by_account': Where to read these days; 'marts.cost_settled_alike' is faster where complete_to is given.
--   source := 'marts.charge_kinds': What to read; 'marts.charge_days' is faster, and has fewer columns.
--   series_of := 'runs': Where the rows of marts.cost_series are, worked out here by default; those of an earlier first day and a later last day do as well.
--   keep_series := true: Condition on these rows, where they are of more than keep.
-- example: marts.cost_anomaly_days(charges.effective_cost, date '2026-10-20', date '2026-11-19')
-- columns:
--   series: Number of the row of marts.cost_series, the same for one subscription, service and currency.
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
with runs as materialized (
    from marts.cost_series(
        measure, first_date, last_date, keep := keep, complete_to := complete_to, settled := settled, source := source
    )
),

asked as materialized (
    select
        charges.*,
        case
            when charges.first_charged >= first_date - 70 then charges.first_charged
            when len(charges.dates) = charges.dates[-1] - charges.first_charged + 1 then first_date - 70
            else [day for day in charges.dates if day >= first_date - 70][1]
        end as charged_from,
        case
            when charges.dates[-1] <= last_date then charges.dates[-1]
            when len(charges.dates) = charges.dates[-1] - charges.first_charged + 1 then last_date
            else [day for day in charges.dates if day <= last_date][-1]
        end as last_charged,
    from query_table(series_of) as charges
    where
        charges.first_charged <= last_date
        and charges.charged_to >= first_date - 70
        and coalesce(charges.charged_before < first_date - 70, true) -- of the runs that reach into these weeks the first
        and keep_series
),

known as (
    select
        sub_account_id,
        billing_account_id,
        min(charged_from) as known_from,
        max(last_charged) as known_to,
    from asked
    group by all
),

placed as (
    select
        asked.*,
        known.known_from,
        known.known_to,
        greatest(first_date - asked.first_charged + 1, 1) as first_day,
        known.known_to - asked.first_charged + 1 as last_day,
    from asked
    inner join known
        on asked.sub_account_id is not distinct from known.sub_account_id
        and asked.billing_account_id is not distinct from known.billing_account_id
),

days as (
    select
        * exclude (costs, usuals, week_excesses, week_usuals, noises),
        unnest(range(first_day, last_day + 1)) as day,
        unnest(amounts[first_day:last_day]) as amount,
        unnest(costs[first_day:last_day]) as cost,
        unnest(usuals[first_day - first_judged + 1:last_day - first_judged + 1]) as usual,
        unnest(week_excesses[first_day - first_judged + 1:last_day - first_judged + 1]) as week_excess,
        unnest(week_usuals[first_day - first_judged + 1:last_day - first_judged + 1]) as week_usual,
        unnest(noises[first_day - first_judged + 1:last_day - first_judged + 1]) as noise,
    from placed
),

dated as (
    select
        *,
        first_charged + day::int - 1 as charge_date,
        amount - usual as excess,
        first_charged + day::int - charged_from as days_charged,
        (first_charged + day::int - 1 - interval 1 month)::date - first_charged + 1 as month_before,
    from days
)

select
    series,
    sub_account_id,
    billing_account_id,
    service_name,
    billing_currency,
    charge_date,
    charged_from as first_charged,
    known_from,
    known_to,
    cost,
    round(usual, 2)::decimal(38, 2) as usual_cost,
    round(case when days_charged > 8 then list_aggregate(swings[greatest(day - 63, 1):day - 8], 'median') / 0.954 end, 4) as noise,
    case
        when charged_from >= greatest(first_date, known_from + 28) and days_charged <= 21
            then case when amount >= min_cost then 'new' end
        when days_charged <= 21 then null
        when usual >= min_cost and amount < 0.1 * usual then 'vanished'
        when
            case -- what takes long is worked out only where the rest holds
                when excess > greatest(min_cost, usual * greatest(0.3, 5 * noise))
                    then
                        case when usual > 0 then true else amount > 1.5 * list_max(amounts[greatest(day - 56, 1):day - 1]) end
                        and excess > 1.5 * coalesce(
                            case
                                when first_charged + month_before::int - charged_from > 7
                                    then
                                        amounts[month_before]
                                        - list_aggregate(
                                            amounts[
                                                month_before - 7 * least((first_charged + month_before::int - charged_from - 1) // 7, 8)
                                                :month_before - 7:7
                                            ],
                                            'median'
                                        )
                            end,
                            0
                        )
            end
            then 'high'
        when week_excess > min_cost and week_excess > week_usual * greatest(0.15, 2.5 * noise) then 'sustained'
    end as verdict,
from dated
