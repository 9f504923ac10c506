-- What Azure Advisor says of single resources, such as idle or oversized machines; never more than the resource costs.
-- title: Advisor: resources to stop or resize
-- severity: medium
-- category: usage
-- action: change
-- saving: given
-- saving_from: advisor_capped_by_bill
-- confidence: low
-- population: staging.advisor_recommendations
-- fix: Look at memory, disks and peaks first; then follow the advice.
-- source: Azure Advisor (retail prices, reservations left aside: FinOps toolkit 1435); the smaller of its saving and the own bill
with costs as (
    select resource_id, monthly_saving as cost, billing_currency from marts.resource_savings
),

advised as (
    select
        advice.*,
        costs.cost,
        costs.billing_currency,
        case
            when coalesce(advice.annual_savings_amount, advice.monthly_savings_amount) is null then 'Advisor names no saving.'
            when costs.cost is null then 'What it costs, which is the most that the advice could save, is not known.'
            when advice.savings_currency is distinct from costs.billing_currency
                then 'Advisor names the saving in ' || coalesce(advice.savings_currency, 'no currency')
                    || ', and the bill is in ' || costs.billing_currency || '.'
        end as unpriced,
    from staging.advisor_recommendations as advice
    left join costs on advice.resource_id = costs.resource_id
    where not advice.is_commitment and advice.resource_id like '%/providers/%'
)

select
    advice.resource_id,
    coalesce(advice.solution, advice.problem, 'Advisor recommends a change.') as finding,
    case when advice.is_suppressed then 'Somebody has dismissed or postponed this advice.' end as spared,
    case
        when advice.unpriced is null
            then least(coalesce((advice.annual_savings_amount / 12)::decimal(19, 6), advice.monthly_savings_amount), advice.cost)
    end::decimal(38, 24) as given_saving,
    advice.billing_currency as given_currency,
    advice.unpriced,
    to_json({
        'recommendation_type_id': advice.recommendation_type_id,
        'annual_savings_amount': advice.annual_savings_amount,
        'savings_currency': advice.savings_currency,
        'current_sku': advice.current_sku,
        'target_sku': advice.target_sku,
        'lookback_days': advice.lookback_days,
        'recommended_action': advice.recommended_action,
        'own_cost_of_the_window': advice.cost
    }) as evidence,
from advised as advice
qualify row_number() over (
    partition by advice.resource_id order by advice.is_suppressed, advice.annual_savings_amount desc nulls last, advice.recommendation_id
) = 1
