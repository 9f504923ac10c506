-- The part of a savings plan that nothing used is paid for all the same; only the amortized cost shows it.
-- title: Unused part of savings plans
-- severity: high
-- category: rate
-- action: commit
-- saving: given
-- saving_from: amortized_cost_of_the_unused_part
-- confidence: high
-- population: staging.savings_plans
-- fix: Widen the scope of the savings plan, move usage under it.
-- source: amortized rows of ChargeType UnusedSavingsPlan
select
    commitment_id as resource_id,
    'Paid for and not used in the last 30 complete days.' as finding,
    true as is_of_the_bill,
    commitment_label as resource_name,
    unused_cost as given_saving,
    billing_currency as given_currency,
    to_json({'window_end_date': window_end_date}) as evidence,
from marts.unused_commitments
where commitment_type = 'savings_plan'
