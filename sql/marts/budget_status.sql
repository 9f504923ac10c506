-- Every budget with what is spent, what is forecast and which thresholds are reached, in its running period.
-- grain: one row per budget, and one more for each other currency that its scope was charged in
-- source: a period starts at the budget's start date and repeats by its time grain (Azure budgets tutorial)
-- example: select budget_name, amount, spend, billing_currency, status from marts.budget_status order by spent_percent desc
-- columns:
--   budget_id: Full ARM id, lower case; local: and the name of one that is configured here.
--   budget_name: Name as Azure writes it, or as configured.
--   source: azure, or local for one of our own configuration.
--   owner: Who answers for a local budget; null when not said.
--   budget_scope_id: Scope the budget counts, lower case; / for all that is in the lake.
--   sub_account_id: Subscription of that scope; null for wider scopes.
--   sub_account_name: Its name.
--   x_resource_group_name: Resource group of that scope, lower case; null for wider scopes.
--   category: Cost, Usage or ReservationUtilization.
--   time_grain: Monthly, Quarterly, Annually, or the same by billing period.
--   period_start_date: First day of the running period (UTC).
--   period_end_date: Last day of the running period (UTC).
--   days_left: Days of the period after the day of the listing.
--   billing_currency: Currency of all amounts here; null until Azure has evaluated the budget.
--   is_budget_currency: False in the rows of other currencies, whose charges are never compared with the amount.
--   amount: What may be spent in the period; null for another currency.
--   azure_spend: What Azure says is spent; about a day old; null when it does not say.
--   azure_forecast: What Azure forecasts for the whole period; null when it does not say.
--   lake_spend: Billed cost of the period by our own charges, the budget's filter applied; null where it cannot be told, for the reason in difference_reason.
--   lake_minus_azure: lake_spend less azure_spend.
--   open_cost: The part of lake_spend on days that Azure still adds to: the day of the listing and the three before.
--   difference_reason: Why the two differ or cannot be compared: none; open days (not more than open_cost: Azure's figure is up to a day older than ours); not explained; Azure has no figure; or what keeps us from a figure: a filter part, a month not in the lake, a wider scope, another currency, a kind of budget; or that Azure does not know a local budget.
--   covers_nothing: Whether the scope and filter match no charge of the period, all of its months being in the lake.
--   spend: azure_spend, else lake_spend.
--   spend_source: azure or lake; null when neither knows.
--   remaining: amount less spend; negative when exceeded.
--   spent_percent: spend of amount, in percent.
--   forecast_percent: azure_forecast of amount, in percent.
--   thresholds: All enabled thresholds, reached or not, such as Actual 80 %.
--   actual_thresholds: Enabled thresholds of kind Actual that the spend has reached, in percent of the amount.
--   forecast_thresholds: Enabled thresholds of kind Forecasted that Azure's forecast has reached, in percent of the amount.
--   thresholds_reached: The enabled thresholds that are reached, such as Actual 80 %; empty when none is.
--   status: exceeded, at_risk (forecast above the amount, or a threshold reached), ok, unknown (no spend known), not_started, expired, or other_currency for what is charged in another one than the budget's.
--   has_filter: Whether the budget counts only a part of its scope.
--   filter: JSON of that filter.
--   loaded_at: Instant of the listing (UTC).
with periods as materialized (
    select * exclude (clauses) from marts.budget_periods
),

loaded as (
    select scope_id, month,
    from meta.cost_chunks
    where metric = 'ActualCost' and last_success_at is not null
    union
    select account_id, billing_month,
    from charges.candidates
    where is_counted and x_scope_id not like '/subscriptions/%/resourcegroups/%'
    union
    select
        case
            when x_scope_id like '/subscriptions/%' or x_scope_id like '/providers/%'
                then regexp_replace(x_scope_id, '/providers/microsoft\.costmanagement/exports/.*$', '')
            else 'files'
        end,
        billing_month,
    from charges.candidates
    where is_counted
),

needed as (
    select
        budget_id,
        coalesce(sub_account_id, budget_scope_id) as scope_id,
        [
            budget_scope_id,
            case when scope_kind like 'billing%' or scope_kind = 'invoice_section' then 'files' end,
            nullif(regexp_extract(budget_scope_id, '^/providers/microsoft\.billing/billingaccounts/[^/]+', 0), ''),
        ] as or_scope_ids,
    from periods
    where scope_kind not in ('management_group', 'lake', 'other')
    union all
    select budgets.budget_id, ancestors.sub_account_id, [budgets.budget_scope_id],
    from periods as budgets
    inner join staging.subscription_ancestors as ancestors
        on budgets.scope_kind = 'management_group' and budgets.scope_key = ancestors.management_group_id
),

months as (
    select
        needed.*,
        unnest(
            generate_series(date_trunc('month', budgets.period_start_date), budgets.listed_date, interval 1 month)
        )::date as billing_month,
    from needed
    inner join periods as budgets using (budget_id)
    where budgets.period_start_date <= budgets.listed_date
),

checked as (
    select
        months.budget_id,
        months.scope_id,
        months.billing_month,
        bool_or(coalesce(loaded.scope_id = months.scope_id or list_contains(months.or_scope_ids, loaded.scope_id), false)) as is_loaded,
    from months
    left join loaded on months.billing_month = loaded.month
    group by all
),

missing as (
    select
        budget_id,
        count(distinct scope_id) as scopes,
        count(distinct scope_id) filter (where not is_loaded) as missing_scopes,
        list_sort(list(distinct strftime(billing_month, '%Y-%m')) filter (where not is_loaded)) as missing_months,
    from checked
    group by budget_id
),

unplaced as (
    select count(*) as subscriptions
    from staging.subscriptions
    where sub_account_id not in (select sub_account_id from staging.subscription_ancestors)
),

charged as (
    select
        budgets.budget_id,
        days.billing_currency,
        sum(days.billed_cost) as billed_cost,
        coalesce(sum(days.billed_cost) filter (where days.charge_date > budgets.listed_date - 4), 0) as open_cost,
        bool_and(days.is_told) as is_told,
    from periods as budgets
    inner join marts.budget_days as days
        on budgets.budget_id = days.budget_id
        and days.charge_date between budgets.period_start_date and budgets.period_end_date
    group by budgets.budget_id, budgets.listed_date, days.billing_currency
),

sums as (
    select
        budget_id,
        count(*) as currencies,
        min(billing_currency) as a_currency,
        bool_and(is_told) as is_told,
    from charged
    group by budget_id
),

compared as (
    select
        budgets.* exclude (billing_currency),
        coalesce(budgets.billing_currency, case when sums.currencies = 1 then sums.a_currency end) as billing_currency,
        coalesce(sums.currencies, 0) as currencies,
        case
            when budgets.category <> 'Cost' then 'a budget of ' || budgets.category || ' is not compared'
            when budgets.scope_kind = 'other' then 'charges do not tell what belongs to such a scope'
            when budgets.parts_not_applied <> []
                then 'filter parts that cannot be applied: ' || array_to_string(budgets.parts_not_applied, ', ')
            when not coalesce(sums.is_told, true) then 'the filter asks for what the Cost Management query does not tell'
            when
                budgets.sub_account_id is null
                and sums.currencies is null
                and (missing.scopes is null or missing.missing_months is not null)
                and not (budgets.scope_kind = 'lake' and exists (from loaded))
                then 'none of its charges is in the lake'
            when missing.missing_months is not null
                then 'not in the lake: '
                || case
                    when len(missing.missing_months) < 4 then array_to_string(missing.missing_months, ', ')
                    else len(missing.missing_months) || ' months from ' || missing.missing_months[1] || ' to ' || missing.missing_months[-1]
                end
                || case
                    when missing.scopes > 1 then ', of ' || missing.missing_scopes || ' of ' || missing.scopes || ' subscriptions'
                    when budgets.sub_account_id is null then ' of the scope as a whole'
                    else ''
                end
            when budgets.scope_kind = 'management_group' and unplaced.subscriptions > 0
                then 'not known whether subscriptions that are not read belong to it: ' || unplaced.subscriptions
        end as obstacle,
    from periods as budgets
    cross join unplaced
    left join sums using (budget_id)
    left join missing using (budget_id)
),

hindered as (
    select
        compared.*,
        own.billed_cost,
        own.open_cost,
        case
            when compared.obstacle is not null then compared.obstacle
            when compared.currencies > 0 and own.billed_cost is null then
                case
                    when compared.billing_currency is null then 'the charges are in several currencies'
                    else 'the charges are in another currency'
                end
        end as hindrance,
    from compared
    left join charged as own
        on compared.budget_id = own.budget_id and compared.billing_currency = own.billing_currency
),

spent as (
    select
        hindered.* exclude (open_cost),
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

enabled as (
    select
        budget_id,
        list(threshold_type || ' ' || format('{:g}', threshold::double) || ' %' order by threshold_type, threshold::decimal(18, 4)) as thresholds,
    from rules
    where coalesce(enabled, true) and threshold is not null
    group by budget_id
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
),

own as (
    select
        spent.*,
        true as is_budget_currency,
        reached.actual_thresholds,
        reached.forecast_thresholds,
        reached.thresholds_reached,
        enabled.thresholds,
    from spent
    left join reached using (budget_id)
    left join enabled using (budget_id)
),

lines as (
    select * from own
    union all
    select
        own.* replace (
            false as is_budget_currency,
            others.billing_currency as billing_currency,
            null as amount,
            null as azure_spend,
            null as azure_forecast,
            others.billed_cost as lake_spend,
            others.open_cost as open_cost,
            others.billed_cost as spend,
            'lake' as spend_source,
            'charged in another currency than the budget: not compared' as hindrance,
            null as thresholds,
            null as actual_thresholds,
            null as forecast_thresholds,
            null as thresholds_reached
        ),
    from own
    inner join charged as others
        on own.budget_id = others.budget_id
        and own.billing_currency is distinct from others.billing_currency
    where own.obstacle is null
)

select
    spent.budget_id,
    spent.budget_name,
    spent.source,
    spent.owner,
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
    spent.is_budget_currency,
    spent.amount,
    spent.azure_spend,
    spent.azure_forecast,
    spent.lake_spend,
    spent.lake_spend - spent.azure_spend as lake_minus_azure,
    spent.open_cost,
    case
        when spent.hindrance is not null then spent.hindrance
        when spent.source = 'local' then 'a local budget, which Azure does not know'
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
    coalesce(spent.thresholds, []) as thresholds,
    coalesce(spent.actual_thresholds, []) as actual_thresholds,
    coalesce(spent.forecast_thresholds, []) as forecast_thresholds,
    coalesce(spent.thresholds_reached, []) as thresholds_reached,
    case
        when not spent.is_budget_currency then 'other_currency'
        when spent.budget_end_date < spent.listed_date then 'expired'
        when spent.budget_start_date > spent.listed_date then 'not_started'
        when spent.spend is null then 'unknown'
        when spent.spend > spent.amount then 'exceeded'
        when spent.azure_forecast > spent.amount or spent.thresholds_reached is not null then 'at_risk'
        else 'ok'
    end as status,
    spent.filter is not null and spent.filter <> '{}' as has_filter,
    spent.filter,
    spent.loaded_at,
from lines as spent
left join marts.subscriptions as subscriptions using (sub_account_id)
