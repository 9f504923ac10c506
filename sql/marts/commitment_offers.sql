-- What Azure recommends to buy, with what each alternative saves a month and when it has paid for itself.
-- grain: one row per recommendation; those of one alternatives key exclude each other, so their savings are never added
-- source: reservation recommendations of Consumption, benefit recommendations of Cost Management
-- columns:
--   alternatives: Key shared by the offers of which at most one is bought: look-backs and terms of the same thing.
--   commitment_type: reservation or savings_plan; a plan and a reservation may cover the same machines, too.
--   x_scope_id: Scope that was asked.
--   sku_name: Size to reserve, or the kind of plan.
--   location: Region, lower case; null for plans.
--   commitment_scope: single or shared.
--   lookback_days: Days looked back on.
--   term: P1Y or P3Y.
--   quantity: Units to buy; null for plans.
--   hourly_commitment: What to commit to per hour; null for reservations.
--   monthly_on_demand_cost: Cost of 30 days without it.
--   monthly_cost: Cost of 30 days with it.
--   monthly_savings: What 30 days would save.
--   savings_percent: The same, of monthly_on_demand_cost.
--   break_even_months: Months of such use after which going without would have cost as much as the whole term with it.
--   currency: Currency of the costs; null where Azure does not say: the billing currency.
--   loaded_at: Instant of the listing (UTC).
with offers as (
    select
        'reservation' as commitment_type,
        x_scope_id,
        sku_name,
        location,
        resource_type,
        commitment_scope,
        lookback_days,
        term,
        quantity,
        null as hourly_commitment,
        cost_on_demand,
        cost_committed,
        net_savings as savings,
        currency,
        loaded_at,
    from staging.reservation_recommendations
    union all
    select
        'savings_plan' as commitment_type,
        x_scope_id,
        sku_name,
        null as location,
        null as resource_type,
        commitment_scope,
        lookback_days,
        term,
        null as quantity,
        commitment_amount as hourly_commitment,
        cost_on_demand,
        cost_committed,
        savings_amount as savings,
        currency,
        loaded_at,
    from staging.savings_plan_recommendations
)

select
    md5(concat_ws('|', commitment_type, x_scope_id, sku_name, location, resource_type, commitment_scope))[:12] as alternatives,
    commitment_type,
    x_scope_id,
    sku_name,
    location,
    commitment_scope,
    lookback_days,
    term,
    quantity,
    hourly_commitment,
    (round(cost_on_demand * 3000)::hugeint // lookback_days)::decimal(36, 0) * 0.01 as monthly_on_demand_cost, -- whole cents, no float in between
    (round(cost_committed * 3000)::hugeint // lookback_days)::decimal(36, 0) * 0.01 as monthly_cost,
    (round(savings * 3000)::hugeint // lookback_days)::decimal(36, 0) * 0.01 as monthly_savings,
    round(100 * savings::double / nullif(cost_on_demand, 0)::double, 2) as savings_percent,
    round(
        12 * try_cast(term[2:2] as int) * cost_committed::double / nullif(cost_on_demand, 0)::double, 1
    ) as break_even_months,
    currency,
    loaded_at,
from offers
