-- What Azure Advisor would have bought; terms, look-backs and products are alternatives, of which one counts.
-- title: Advisor: commitments to buy
-- severity: medium
-- category: rate
-- action: commit
-- saving: given
-- saving_from: advisor
-- confidence: low
-- population: staging.advisor_recommendations
-- fix: Compare terms and look-backs with the steady part of the usage before buying.
-- source: Azure Advisor; alternatives are never added (microsoft/ARI 384)
select
    advice.sub_account_id || '#commitment' as resource_id,
    coalesce(advice.solution, advice.problem, 'Advisor recommends a commitment.') as finding,
    case when advice.is_suppressed then 'Somebody has dismissed or postponed this advice.' end as spared,
    true as is_of_the_bill,
    advice.sub_account_id,
    coalesce(advice.target_sku, advice.recommendation_type_id) as resource_name,
    coalesce(advice.annual_savings_amount / 12, advice.monthly_savings_amount)::decimal(38, 24) as given_saving,
    advice.savings_currency as given_currency,
    'Advisor names no saving.' as unpriced,
    to_json({
        'recommendation_id': advice.recommendation_id,
        'term': advice.term,
        'lookback_days': advice.lookback_days,
        'quantity': advice.quantity,
        'target_sku': advice.target_sku,
        'alternatives': count(*) over (partition by advice.sub_account_id)
    }) as evidence,
from staging.advisor_recommendations as advice
where advice.is_commitment
qualify row_number() over (
    partition by advice.sub_account_id
    order by advice.is_suppressed, advice.annual_savings_amount desc nulls last, advice.recommendation_id
) = 1
