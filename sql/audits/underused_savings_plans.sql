-- Savings plans of which less than four fifths are used cost more than they save.
-- title: Underused savings plans
-- severity: medium
-- category: rate
-- action: review
-- saving: at_stake
-- population: staging.savings_plans
-- fix: Move usage under it; a savings plan cannot be returned.
-- source: Azure: utilization over 30 days; under 80 percent it needs attention
select resource_id, finding, true as is_of_the_bill, resource_name, sub_account_id, evidence
from marts.commitments_to_review
where fault = 'underused' and commitment_type = 'savings_plan'
