-- Every reservation and savings plan the bill or Azure's listings name: how it is used, what was not, and what it saved.
-- grain: one row per commitment and billing currency; the money is that of the 30 complete days up to money_until
-- source: savings are what the covered usage would cost at negotiated on-demand prices, unused rows left out of that,
--   less all that the commitment costs in the same days (azure-docs 64811)
-- example: select display_name, utilization_30d, unused_cost, billing_currency from marts.commitments order by unused_cost desc
-- columns:
--   commitment_name: Its guid, lower case, as bills and usage name it.
--   commitment_type: reservation or savings_plan; null where only the bill names it and does not say.
--   display_name: Name given by its owner.
--   sku_name: What is reserved, or the kind of plan.
--   term: P1Y, P3Y or P5Y.
--   quantity: Units of a reservation; null for plans.
--   sub_account_id: Subscription that pays for it, /subscriptions/<guid>.
--   applied_scope_type: single, shared or managementgroup.
--   state: succeeded, expired, cancelled, ...
--   expiry_date: Day it ends (UTC).
--   days_left: Days until then from the day of the listing; negative when it is over.
--   is_renewed: Whether it is renewed by itself.
--   is_expiring: Whether it ends within 60 days and is not renewed by itself.
--   utilization_7d: Percent used over the last 7 days, by Azure.
--   utilization_30d: Percent used over the last 30 days, by Azure.
--   money_until: Last day of the money (UTC); null when the bill does not name the commitment.
--   billing_currency: Currency of the amounts.
--   used_cost: Amortized cost of what was used.
--   unused_cost: Amortized cost of what was paid for and not used.
--   covered_on_demand_cost: The covered usage at negotiated on-demand prices, else at list prices; null where the bill gives neither for all of it.
--   savings: covered_on_demand_cost less used_cost and unused_cost; negative for a loss.
--   loaded_at: Instant of the listing (UTC).
with held as (
    select
        reservation_name as commitment_name,
        'reservation' as commitment_type,
        display_name,
        sku_name,
        term,
        quantity,
        sub_account_id,
        applied_scope_type,
        state,
        expiry_date,
        is_renewed,
        utilization_7d,
        utilization_30d,
        loaded_at,
    from staging.reservations
    union all
    select
        regexp_extract(savings_plan_id, '[^/]+$') as commitment_name,
        'savings_plan' as commitment_type,
        display_name,
        sku_name,
        term,
        null as quantity,
        sub_account_id,
        applied_scope_type,
        state,
        (expires_at at time zone 'UTC')::date as expiry_date,
        is_renewed,
        utilization_7d,
        utilization_30d,
        loaded_at,
    from staging.savings_plans
),

listed as (
    select *
    from held
    qualify row_number() over (partition by commitment_name order by loaded_at desc) = 1
),

latest as (
    select max(settled_date) as money_until
    from marts.cost_settled
),

billed as (
    select
        regexp_extract(lower(charges.commitment_discount_id), '[^/]+$') as commitment_name,
        any_value(charges.commitment_discount_name) as commitment_label,
        charges.billing_currency,
        any_value(latest.money_until) as money_until,
        coalesce(sum(charges.effective_cost) filter (where charges.charge_kind = 'usage'), 0) as used_cost,
        coalesce(sum(charges.effective_cost) filter (where charges.charge_kind = 'unused_commitment'), 0) as unused_cost,
        count(*) filter (
            where charges.charge_kind = 'usage' and charges.contracted_cost is null and charges.list_cost is null
        ) as not_priced,
        coalesce(
            sum(coalesce(charges.contracted_cost, charges.list_cost)) filter (where charges.charge_kind = 'usage'), 0
        ) as on_demand_cost,
    from marts.charge_kinds as charges
    cross join latest
    where
        charges.commitment_discount_id is not null
        and charges.charge_kind in ('usage', 'unused_commitment')
        and charges.charge_period_start between latest.money_until - 29 and latest.money_until
    group by 1, charges.billing_currency
)

select
    coalesce(listed.commitment_name, billed.commitment_name) as commitment_name,
    listed.commitment_type,
    coalesce(listed.display_name, billed.commitment_label) as display_name,
    listed.sku_name,
    listed.term,
    listed.quantity,
    listed.sub_account_id,
    listed.applied_scope_type,
    listed.state,
    listed.expiry_date,
    listed.expiry_date - (listed.loaded_at at time zone 'UTC')::date as days_left,
    listed.is_renewed,
    coalesce(
        not coalesce(listed.is_renewed, false)
        and listed.state = 'succeeded'
        and listed.expiry_date - (listed.loaded_at at time zone 'UTC')::date between 0 and 60,
        false
    ) as is_expiring,
    listed.utilization_7d,
    listed.utilization_30d,
    billed.money_until,
    billed.billing_currency,
    billed.used_cost,
    billed.unused_cost,
    case when billed.not_priced = 0 then billed.on_demand_cost end as covered_on_demand_cost,
    case when billed.not_priced = 0 then billed.on_demand_cost - billed.used_cost - billed.unused_cost end as savings,
    listed.loaded_at,
from listed
full join billed using (commitment_name)
