-- Every budget with what is spent, what is forecast and which thresholds are reached, in its running period.
-- grain: one row per budget
-- source: a period starts at the budget's start date and repeats by its time grain (Azure budgets tutorial)
-- example: select budget_name, amount, spend, billing_currency, status from marts.budget_status order by spent_percent desc
-- columns:
--   budget_id: Full ARM id, lower case.
--   budget_name: Name as Azure writes it.
--   budget_scope_id: Scope the budget counts, lower case.
--   sub_account_id: Subscription of that scope; null for wider scopes.
--   sub_account_name: Its name.
--   x_resource_group_name: Resource group of that scope, lower case; null for wider scopes.
--   category: Cost, Usage or ReservationUtilization.
--   time_grain: Monthly, Quarterly, Annually, or the same by billing period.
--   period_start_date: First day of the running period (UTC).
--   period_end_date: Last day of the running period (UTC).
--   days_left: Days of the period after the day of the listing.
--   billing_currency: Currency of all amounts here; null until Azure has evaluated the budget.
--   amount: What may be spent in the period.
--   azure_spend: What Azure says is spent; about a day old; null when it does not say.
--   azure_forecast: What Azure forecasts for the whole period; null when it does not say.
--   lake_spend: Billed cost of the period by our own charges, the budget's filter applied; null where it cannot be told, for the reason in difference_reason.
--   lake_minus_azure: lake_spend less azure_spend.
--   open_cost: The part of lake_spend on days that Azure still adds to: the day of the listing and the three before.
--   difference_reason: Why the two differ or cannot be compared: none; open days (not more than open_cost: Azure's figure is up to a day older than ours); not explained; Azure has no figure; or what keeps us from a figure: a filter part, a month not in the lake, a wider scope, another currency, a kind of budget.
--   covers_nothing: Whether the scope and filter match no charge of the period, all of its months being in the lake.
--   spend: azure_spend, else lake_spend.
--   spend_source: azure or lake; null when neither knows.
--   remaining: amount less spend; negative when exceeded.
--   spent_percent: spend of amount, in percent.
--   forecast_percent: azure_forecast of amount, in percent.
--   actual_thresholds: Enabled thresholds of kind Actual that the spend has reached, in percent of the amount.
--   forecast_thresholds: Enabled thresholds of kind Forecasted that Azure's forecast has reached, in percent of the amount.
--   thresholds_reached: The enabled thresholds that are reached, such as Actual 80 %; empty when none is.
--   status: exceeded, at_risk (forecast above the amount, or a threshold reached), ok, unknown (no spend known), not_started or expired.
--   has_filter: Whether the budget counts only a part of its scope.
--   filter: JSON of that filter.
--   loaded_at: Instant of the listing (UTC).
with periods as materialized (  -- it is read four times
    select * from marts.budget_periods
),

months as (
    select
        budgets.budget_id,
        budgets.sub_account_id,
        unnest(
            generate_series(date_trunc('month', budgets.period_start_date), budgets.listed_date, interval 1 month)
        )::date as billing_month,
    from periods as budgets
    where budgets.period_start_date <= budgets.listed_date
),

missing as (
    select
        months.budget_id,
        list(strftime(months.billing_month, '%Y-%m') order by months.billing_month) as missing_months,
    from months
    left join (
        select
            scope_id as sub_account_id,
            month as billing_month,
        from meta.cost_chunks
        where metric = 'ActualCost' and last_success_at is not null
    ) as loaded using (sub_account_id, billing_month)
    where months.sub_account_id is not null and loaded.billing_month is null
    group by months.budget_id
),

charged as (
    select
        budgets.budget_id,
        days.billing_currency,
        sum(days.billed_cost) as billed_cost,
        coalesce(sum(days.billed_cost) filter (where days.charge_date > budgets.listed_date - 4), 0) as open_cost,
        bool_and(days.is_told) as is_told,
    from periods as budgets
    inner join marts.budget_days(null::date) as days
        on budgets.budget_id = days.budget_id
        and days.charge_date between budgets.period_start_date and budgets.period_end_date
    group by budgets.budget_id, budgets.listed_date, days.billing_currency
),

sums as (
    select
        charged.budget_id,
        count(*) as currencies,
        min(charged.billing_currency) as a_currency,
        bool_and(charged.is_told) as is_told,
        sum(charged.billed_cost) filter (where is_its_currency) as billed_cost,
        sum(charged.open_cost) filter (where is_its_currency) as open_cost,
    from (
        select
            charged.*,
            coalesce(budgets.billing_currency = charged.billing_currency, true) as is_its_currency,
        from charged
        inner join periods as budgets using (budget_id)
    ) as charged
    group by charged.budget_id
),

compared as (
    select
        budgets.*,
        coalesce(budgets.billing_currency, case when sums.currencies = 1 then sums.a_currency end) as currency,
        coalesce(sums.currencies, 0) as currencies,
        coalesce(sums.is_told, true) as is_told,
        sums.billed_cost,
        sums.open_cost,
    from periods as budgets
    left join sums using (budget_id)
),

hindered as (
    select
        compared.*,
        case
            when compared.category <> 'Cost' then 'a budget of ' || compared.category || ' is not compared'
            when compared.parts_not_applied <> []
                then 'filter parts that cannot be applied: ' || array_to_string(compared.parts_not_applied, ', ')
            when not compared.is_told then 'the filter asks for what the Cost Management query does not tell'
            when compared.sub_account_id is null and compared.currencies = 0 then 'none of its charges is in the lake'
            when missing.missing_months is not null
                then 'not in the lake: ' || array_to_string(missing.missing_months, ', ')
            when compared.currencies > 0 and compared.billed_cost is null then 'the charges are in another currency'
            when compared.billing_currency is null and compared.currencies > 1 then 'the charges are in several currencies'
        end as hindrance,
    from compared
    left join missing using (budget_id)
),

spent as (
    select
        hindered.* exclude (billing_currency, open_cost),
        currency as billing_currency,
        case when hindrance is null then coalesce(billed_cost, 0) end as lake_spend,
        case when hindrance is null then coalesce(open_cost, 0) end as open_cost,
        coalesce(azure_spend, lake_spend) as spend,
        case
            when azure_spend is not null then 'azure'
            when lake_spend is not null then 'lake'
        end as spend_source,
    from hindered
),

rules as (
    select
        budget_id,
        unnest(
            from_json(notifications, '[{"enabled": "BOOLEAN", "threshold": "VARCHAR", "threshold_type": "VARCHAR"}]'),
            recursive := true
        ),
    from spent
),

reached as (
    select
        rules.budget_id,
        list(
            rules.threshold_type || ' ' || format('{:g}', rules.threshold::double) || ' %'
            order by rules.threshold_type, rules.threshold::decimal(18, 4)
        ) as thresholds_reached,
        list(format('{:g}', rules.threshold::double) order by rules.threshold::double) filter (where rules.threshold_type <> 'Forecasted')
            as actual_thresholds,
        list(format('{:g}', rules.threshold::double) order by rules.threshold::double) filter (where rules.threshold_type = 'Forecasted')
            as forecast_thresholds,
    from rules
    inner join spent using (budget_id)
    where
        coalesce(rules.enabled, true)
        and rules.threshold::decimal(18, 4) * spent.amount::decimal(20, 4)
        <= 100 * (case rules.threshold_type when 'Forecasted' then spent.azure_forecast else spent.spend end)::decimal(20, 4)
    group by rules.budget_id
)

select
    spent.budget_id,
    spent.budget_name,
    spent.budget_scope_id,
    spent.sub_account_id,
    subscriptions.sub_account_name,
    spent.resource_group_name as x_resource_group_name,
    spent.category,
    spent.time_grain,
    spent.period_start_date,
    spent.period_end_date,
    greatest(spent.period_end_date - spent.listed_date, 0) as days_left,
    spent.billing_currency,
    spent.amount,
    spent.azure_spend,
    spent.azure_forecast,
    spent.lake_spend,
    spent.lake_spend - spent.azure_spend as lake_minus_azure,
    spent.open_cost,
    case
        when spent.hindrance is not null then spent.hindrance
        when spent.azure_spend is null then 'Azure has no figure'
        when abs(spent.lake_spend - spent.azure_spend) < 0.01 then 'none'
        when spent.lake_spend > spent.azure_spend and spent.lake_spend - spent.azure_spend <= spent.open_cost then 'open days'
        else 'not explained'
    end as difference_reason,
    spent.hindrance is null and spent.currencies = 0 as covers_nothing,
    spent.spend,
    spent.spend_source,
    spent.amount - spent.spend as remaining,
    round(100 * spent.spend::double / nullif(spent.amount, 0)::double, 2) as spent_percent,
    round(100 * spent.azure_forecast::double / nullif(spent.amount, 0)::double, 2) as forecast_percent,
    coalesce(reached.actual_thresholds, []) as actual_thresholds,
    coalesce(reached.forecast_thresholds, []) as forecast_thresholds,
    coalesce(reached.thresholds_reached, []) as thresholds_reached,
    case
        when spent.budget_end_date < spent.listed_date then 'expired'
        when spent.budget_start_date > spent.listed_date then 'not_started'
        when spent.spend is null then 'unknown'
        when spent.spend > spent.amount then 'exceeded'
        when spent.azure_forecast > spent.amount or reached.thresholds_reached is not null then 'at_risk'
        else 'ok'
    end as status,
    spent.clauses is not null as has_filter,
    spent.filter,
    spent.loaded_at,
from spent
left join reached using (budget_id)
left join marts.subscriptions as subscriptions using (sub_account_id)
