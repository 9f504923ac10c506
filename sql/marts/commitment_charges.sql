-- Usage with the commitment that covers it, and what it costs or would cost on demand; unused parts of commitments, too.
-- grain: one row per charge of usage, or of an unused part of a commitment, whose kind the source itself names
-- source: FOCUS columns of the commitment; a contracted cost of 0 for what has a cost is one that Azure left out (finops-toolkit
--   issue 874: reservations of Customer Agreements, and of Enterprise Agreements with cost allocation); what can be covered
--   by its prices: a meter with a reservation or savings plan price, or one that was
-- like: marts.charges
-- columns:
--   charge_date: UTC day.
--   commitment_name: Guid of the reservation or plan, lower case; null without one.
--   commitment_type: reservation or savings_plan.
--   commitment_label: Its name on the bill.
--   coverage: covered; unused; on_demand (a commitment is sold for its meter, and did not cover it); not_offered (none is sold for it, Spot and Marketplace included); unknown (the price lists held do not tell).
--   effective_cost: Amortized cost; null when not loaded. Of on_demand usage the actual cost where only that is loaded.
--   on_demand_cost: What covered usage would cost without the commitment, at negotiated prices, else at list prices; null when the bill gives neither.
--   price_basis: contracted or list: which of them.
select
    usage.* exclude (billing_month) replace (coalesce(usage.coverage, meters.coverage, 'unknown') as coverage),
from marts.commitment_usage as usage
left join marts.commitment_meters as meters on usage.x_meter_id = meters.meter_id
