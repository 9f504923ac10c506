-- When a reservation ends, its usage is billed at the price on demand.
-- title: Reservations about to end
-- severity: medium
-- category: rate
-- action: review
-- saving: at_stake
-- population: staging.reservations
-- fix: Renew it, or let it end on purpose.
-- source: Own rule: ends within 60 days, renew is off
select resource_id, finding, true as is_of_the_bill, resource_name, sub_account_id, evidence
from marts.commitments_to_review
where fault = 'expiring' and commitment_type = 'reservation'
