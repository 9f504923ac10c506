-- Usage with the commitment that covers it, and what it costs or would cost on demand, as far as the bill itself tells.
-- grain: one row per charge of usage, or of an unused part of a commitment, whose kind the source itself names
-- source: FOCUS columns of the commitment; a contracted cost of 0 for what has a cost is one that Azure left out (finops-toolkit
--   issue 874: reservations of Customer Agreements, and of Enterprise Agreements with cost allocation)
-- like: marts.charges
-- columns:
--   charge_date: UTC day.
--   commitment_name: Guid of the reservation or plan, lower case; null without one.
--   commitment_type: reservation or savings_plan.
--   commitment_label: Its name on the bill.
--   coverage: covered; unused; not_offered (Spot and Marketplace); unknown (the bill names no pricing); null where it depends on the meter, see marts.commitment_meters.
--   effective_cost: Amortized cost; null when not loaded. Of on_demand usage the actual cost where only that is loaded.
--   on_demand_cost: What covered usage would cost without the commitment, at negotiated prices, else at list prices; null when the bill gives neither.
--   price_basis: contracted or list: which of them.
with usage as (
    select
        *,
        coalesce(commitment_discount_status = 'Used', pricing_category = 'Committed', false) as is_covered,
        contracted_cost as negotiated_cost,
    from marts.charge_kinds
    where charge_kind in ('usage', 'unused_commitment') and not is_kind_inferred
),

priced as (
    select
        * replace (case when negotiated_cost = 0 and (effective_cost <> 0 or list_cost <> 0) then null else negotiated_cost end as negotiated_cost),
        nullif(list_cost, 0) as listed_cost,
    from usage
)

select
    priced.billing_month,
    priced.charge_period_start as charge_date,
    priced.sub_account_id,
    priced.service_name,
    priced.region_id,
    priced.resource_id,
    priced.x_meter_id,
    priced.billing_currency,
    nullif(regexp_extract(lower(priced.commitment_discount_id), '[^/]+$'), '') as commitment_name,
    case when priced.commitment_discount_type ilike '%saving%' then 'savings_plan' when priced.commitment_discount_type ilike '%reserv%' then 'reservation' end as commitment_type,
    priced.commitment_discount_name as commitment_label,
    case
        when priced.charge_kind = 'unused_commitment' then 'unused'
        when priced.is_covered then 'covered'
        when priced.pricing_category in ('Dynamic', 'Other') or priced.x_publisher_type ilike 'marketplace' then 'not_offered'
        when priced.pricing_category is null then 'unknown'
    end as coverage,
    case when priced.charge_kind = 'usage' and not priced.is_covered then coalesce(priced.effective_cost, priced.billed_cost) else priced.effective_cost end as effective_cost,
    case when priced.charge_kind = 'usage' and priced.is_covered then coalesce(priced.negotiated_cost, priced.listed_cost) end as on_demand_cost,
    case
        when priced.charge_kind <> 'usage' or not priced.is_covered then null
        when priced.negotiated_cost is not null then 'contracted'
        when priced.listed_cost is not null then 'list'
    end as price_basis,
from priced
