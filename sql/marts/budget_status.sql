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
--   lake_spend: Billed cost of the period by our own charges; null where the two cannot be compared: a filter, a wider scope, another currency, or a month of the period that is not in the lake.
--   lake_minus_azure: lake_spend less azure_spend.
--   spend: azure_spend, else lake_spend.
--   spend_source: azure or lake; null when neither knows.
--   remaining: amount less spend; negative when exceeded.
--   spent_percent: spend of amount, in percent.
--   forecast_percent: azure_forecast of amount, in percent.
--   thresholds_reached: The enabled thresholds that are reached, such as Actual 80 %; empty when none is.
--   status: exceeded, at_risk (forecast above the amount, or a threshold reached), ok, unknown (no spend known), not_started or expired.
--   has_filter: Whether the budget counts only a part of its scope.
--   filter: JSON of that filter.
--   loaded_at: Instant of the listing (UTC).
with budgets as (
    select
        *,
        (loaded_at at time zone 'UTC')::date as listed_date,
        case
            when time_grain ilike '%quarter%' then 3
            when time_grain ilike '%annual%' then 12
            else 1
        end as grain_months,
    from staging.budgets
    qualify row_number() over (
        partition by budget_id order by listed_in = budget_scope_id desc, loaded_at desc
    ) = 1
),

periods as (
    select
        *,
        greatest(datediff('month', period_start_date, listed_date), 0) // grain_months as periods_passed,
    from budgets
),

running as (
    select
        * exclude (period_start_date, period_end_date),
        period_start_date as budget_start_date,
        period_end_date as budget_end_date,
        (period_start_date + to_months((periods_passed * grain_months)::int))::date as period_start_date,
        (period_start_date + to_months(((periods_passed + 1) * grain_months)::int))::date - 1 as period_end_date,
    from periods
),

covered as (
    select running.budget_id
    from running
    inner join marts.cost_months as months
        on running.sub_account_id = months.sub_account_id
        and months.billing_month between date_trunc('month', running.period_start_date) and running.listed_date
    where months.metric = 'billed_cost' and months.loaded_at is not null
    group by running.budget_id, running.period_start_date, running.listed_date
    having count(distinct months.billing_month) = datediff('month', running.period_start_date, running.listed_date) + 1
),

charged as (
    select
        running.budget_id,
        coalesce(running.billing_currency, min(charges.billing_currency)) as billing_currency,
        count(distinct charges.billing_currency) as currencies,
        sum(charges.billed_cost) as billed_cost,
    from running
    inner join covered using (budget_id)
    inner join marts.charges as charges
        on running.sub_account_id = charges.sub_account_id
        and charges.charge_period_start between running.period_start_date and running.period_end_date
        and (running.resource_group_name is null or running.resource_group_name = charges.x_resource_group_name)
    where running.filter is null and running.category = 'Cost'
    group by running.budget_id, running.billing_currency
    having currencies = 1 and coalesce(running.billing_currency, min(charges.billing_currency)) = min(charges.billing_currency)
),

spent as (
    select
        running.* exclude (billing_currency),
        coalesce(running.billing_currency, charged.billing_currency) as billing_currency,
        charged.billed_cost as lake_spend,
        coalesce(running.azure_spend, charged.billed_cost) as spend,
        case
            when running.azure_spend is not null then 'azure'
            when charged.billed_cost is not null then 'lake'
        end as spend_source,
    from running
    left join charged using (budget_id)
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
    spent.spend,
    spent.spend_source,
    spent.amount - spent.spend as remaining,
    round(100 * spent.spend::double / nullif(spent.amount, 0)::double, 2) as spent_percent,
    round(100 * spent.azure_forecast::double / nullif(spent.amount, 0)::double, 2) as forecast_percent,
    coalesce(reached.thresholds_reached, []) as thresholds_reached,
    case
        when spent.budget_end_date < spent.listed_date then 'expired'
        when spent.budget_start_date > spent.listed_date then 'not_started'
        when spent.spend is null then 'unknown'
        when spent.spend > spent.amount then 'exceeded'
        when spent.azure_forecast > spent.amount or reached.thresholds_reached is not null then 'at_risk'
        else 'ok'
    end as status,
    spent.filter is not null as has_filter,
    spent.filter,
    spent.loaded_at,
from spent
left join reached using (budget_id)
left join marts.subscriptions as subscriptions using (sub_account_id)
