-- How much of the usage that commitments could cover they did cover, at on-demand prices, in a period.
-- grain: one row per subscription, service, region and billing currency with usage that is covered, could be, or may be
-- source: coverage as the FinOps Framework defines it, covered of covered and on-demand usage; Spot, Marketplace and meters
--   that no commitment is sold for are no part of either; see marts.commitment_charges
-- parameters:
--   first_day := null: First day (UTC); default: all that is held.
--   last_day := null: Last day (UTC), inclusive; default: all that is held.
-- example: marts.commitment_coverage(first_day := date '2026-10-01', last_day := date '2026-10-31')
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid> in lower case; another cloud's account or project as written.
--   service_name: Service by the bill, such as Virtual Machines.
--   region_id: Region, such as westeurope; null where the bill names none.
--   billing_currency: Currency of the amounts; amounts of different currencies are never added.
--   coverage_percent: covered_on_demand_cost of itself and on_demand_cost; null where either is not known, or both are 0.
--   least_coverage_percent: The same if all of unknown_cost could have been covered: the lower bound.
--   covered_on_demand_cost: Covered usage at on-demand prices; null where the bill has no price for a part of it.
--   covered_cost: Its amortized cost; null when not loaded.
--   on_demand_cost: Usage that was paid on demand though a commitment is sold for it.
--   unknown_cost: Cost of usage of which the lake does not know whether a commitment is sold for it; in none of the others.
with days as (
    select days.* replace (coalesce(days.coverage, meters.coverage, 'unknown') as coverage),
    from marts.commitment_days as days
    left join marts.commitment_meters as meters on days.x_meter_id = meters.meter_id
    where days.charge_date between coalesce(first_day, date '1900-01-01') and coalesce(last_day, date '9999-12-31')
),

sums as (
    select
        sub_account_id,
        service_name,
        region_id,
        billing_currency,
        sum(case when coverage = 'covered' then not_priced else 0 end) as not_priced,
        sum(case when coverage = 'covered' then not_amortized else 0 end) as not_amortized,
        sum(case when coverage = 'covered' then coalesce(on_demand_cost, 0) else 0 end) as covered_on_demand_cost,
        sum(case when coverage = 'covered' then coalesce(effective_cost, 0) else 0 end) as covered_cost,
        sum(case when coverage = 'on_demand' then coalesce(effective_cost, 0) else 0 end) as on_demand_cost,
        sum(case when coverage = 'unknown' then coalesce(effective_cost, 0) else 0 end) as unknown_cost,
    from days
    where coverage in ('covered', 'on_demand', 'unknown')
    group by sub_account_id, service_name, region_id, billing_currency
)

select
    sub_account_id,
    service_name,
    region_id,
    billing_currency,
    case
        when not_priced = 0
            then round(100 * covered_on_demand_cost::double / nullif(covered_on_demand_cost + on_demand_cost, 0)::double, 2)
    end as coverage_percent,
    case
        when not_priced = 0
            then round(100 * covered_on_demand_cost::double / nullif(covered_on_demand_cost + on_demand_cost + unknown_cost, 0)::double, 2)
    end as least_coverage_percent,
    case when not_priced = 0 then covered_on_demand_cost end as covered_on_demand_cost,
    case when not_amortized = 0 then covered_cost end as covered_cost,
    on_demand_cost,
    unknown_cost,
from sums
