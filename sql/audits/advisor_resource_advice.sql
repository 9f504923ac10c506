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
)

select
    advice.resource_id,
    coalesce(advice.solution, advice.problem, 'Advisor recommends a change.') as finding,
    case when advice.is_suppressed then 'Somebody has dismissed or postponed this advice.' end as spared,
    case
        when costs.cost is null then null
        when advice.savings_currency = costs.billing_currency
            then least(coalesce((advice.annual_savings_amount / 12)::decimal(19, 6), advice.monthly_savings_amount), costs.cost)
    end::decimal(38, 24) as given_saving,
    costs.billing_currency as given_currency,
    to_json({
        'recommendation_type_id': advice.recommendation_type_id,
        'annual_savings_amount': advice.annual_savings_amount,
        'savings_currency': advice.savings_currency,
        'current_sku': advice.current_sku,
        'target_sku': advice.target_sku,
        'lookback_days': advice.lookback_days,
        'recommended_action': advice.recommended_action,
        'own_cost_of_the_window': costs.cost
    }) as evidence,
from staging.advisor_recommendations as advice
left join costs on advice.resource_id = costs.resource_id
where
    not advice.is_commitment
    and advice.resource_id like '%/providers/%'
qualify row_number() over (
    partition by advice.resource_id order by advice.is_suppressed, advice.annual_savings_amount desc nulls last, advice.recommendation_id
) = 1
