-- Days of marts.commitment_charges without resources, kept ready: usage that commitments cover or could, and their unused parts. Always what counts now: the variable as_of does not change it.
-- grain: one row per UTC day, subscription, service, region, billing currency, commitment, coverage, price basis, and meter where that decides
-- stored: billing_month
-- source: marts.commitment_usage without what no commitment is sold for by the bill itself
-- like: marts.charges
-- columns:
--   charge_date: UTC day.
--   commitment_name: Guid of the reservation or plan, lower case; null without one.
--   commitment_type: reservation or savings_plan.
--   commitment_label: Its name on the bill.
--   coverage: covered, unused, unknown; null where it depends on the meter, see marts.commitment_meters.
--   x_meter_id: GUID of Azure's meter where coverage depends on it; else null.
--   price_basis: contracted or list: what on_demand_cost is measured by.
--   effective_cost: Amortized cost; null when none of it is loaded. Of uncovered usage the actual cost where only that is loaded.
--   on_demand_cost: What covered usage would cost without the commitment; null when the bill has no price.
--   not_priced_cost: effective_cost of the charges without on_demand_cost; null without any.
--   not_priced: How many of the charges have no on_demand_cost.
--   not_amortized: How many of the charges have no effective_cost.
--   charge_count: How many charges the row stands for.
select
    billing_month,
    charge_date,
    sub_account_id,
    service_name,
    region_id,
    billing_currency,
    commitment_name,
    commitment_type,
    commitment_label,
    coverage,
    case when coverage is null then x_meter_id end as x_meter_id,
    price_basis,
    sum(effective_cost) as effective_cost,
    sum(on_demand_cost) as on_demand_cost,
    sum(effective_cost) filter (where on_demand_cost is null) as not_priced_cost,
    count(*) filter (where on_demand_cost is null) as not_priced,
    count(*) filter (where effective_cost is null) as not_amortized,
    count(*) as charge_count,
from marts.commitment_usage
where coverage is distinct from 'not_offered'
group by all
