-- Reservations of which less than four fifths are used cost more than they save.
-- title: Underused reservations
-- severity: medium
-- category: rate
-- action: review
-- saving: at_stake
-- population: staging.reservations
-- fix: Widen its scope, exchange or refund it; the money is that of its unused part.
-- source: Azure: utilization over 30 days; under 80 percent it needs attention
select resource_id, finding, true as is_of_the_bill, resource_name, sub_account_id, evidence
from marts.commitments_to_review
where fault = 'underused' and commitment_type = 'reservation'
