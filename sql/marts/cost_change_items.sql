-- What each thing that is billed cost in two periods, and why it differs: the base of every explanation of a change.
-- grain: one row per group, subscription, resource, service, meter, unit, kind of charge and billing currency
-- parameters:
--   dimension: What to group by, such as charges.service_name, or a struct of several.
--   measure: charges.billed_cost or charges.effective_cost.
--   base_start: First day (UTC) of the period to compare with.
--   base_end: Last day of it, inclusive.
--   period_start: First day of the period to explain.
--   period_end: Last day of it, inclusive.
--   keep := true: Condition on charges, such as charges.region_id = 'westeurope'.
-- example: marts.cost_change_items(charges.service_name, charges.billed_cost, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')
-- columns:
--   place: The group: a value of dimension.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_id: Full ARM id, lower case; null for charges without a resource.
--   service_name: Service by the bill.
--   meter: Meter (or SKU price) that was billed; null where the source does not say.
--   consumed_unit: Unit of the quantities; null where they are not known.
--   billing_currency: Currency of the amounts; amounts of different currencies are never added.
--   charge_kind: usage, purchase, refund, unused_commitment, adjustment or tax.
--   base_cost: Cost in the period to compare with; 0 where there was no charge.
--   period_cost: Cost in the period to explain; 0 where there was no charge.
--   base_quantity: Consumed quantity then; null where a charge does not say.
--   period_quantity: Consumed quantity now; null where a charge does not say.
--   cause: new or gone (all usage of a resource by a service, in one of the periods only), metered (in both, with quantities of one unit), changed (in both, quantities not known), or the kind of charge where it is not usage.
--   expected_cost: Of metered ones: base_cost at the quantity of now and the unit price of then, cut to 8 decimals; null where there was no quantity then.
with sides as (
    select
        dimension as place,
        charges.sub_account_id,
        charges.resource_id,
        charges.service_name,
        coalesce(charges.x_meter_id, charges.sku_price_id) as meter,
        charges.consumed_unit,
        charges.billing_currency,
        charges.charge_kind,
        charges.charge_period_start between period_start and period_end as is_now,
        sum(measure) as cost,
        sum(charges.consumed_quantity) as quantity,
        count(*) as charges,
        count(charges.consumed_quantity) as measured,
    from marts.charge_kinds as charges
    where
        charges.charge_period_start between least(base_start, period_start) and greatest(base_end, period_end)
        and (
            charges.charge_period_start between base_start and base_end
            or charges.charge_period_start between period_start and period_end
        )
        and keep
    group by all
),

charged as materialized (  -- else DuckDB reads the charges twice for the window below
    select
        place,
        sub_account_id,
        resource_id,
        service_name,
        meter,
        consumed_unit,
        billing_currency,
        charge_kind,
        coalesce(sum(cost) filter (where not is_now), 0) as base_cost,
        coalesce(sum(cost) filter (where is_now), 0) as period_cost,
        case when sum(charges) = sum(measured) then coalesce(sum(quantity) filter (where not is_now), 0) end as base_quantity,
        case when sum(charges) = sum(measured) then coalesce(sum(quantity) filter (where is_now), 0) end as period_quantity,
        bool_or(not is_now) as was_charged,
        bool_or(is_now) as is_charged,
    from sides
    group by all
),

named as (
    select
        *,
        case
            when charge_kind <> 'usage' then charge_kind
            when not bool_or(was_charged) over used then 'new'
            when not bool_or(is_charged) over used then 'gone'
            when base_quantity is not null and consumed_unit is not null then 'metered'
            else 'changed'
        end as cause,
    from charged
    window used as (partition by place, sub_account_id, resource_id, service_name, billing_currency, charge_kind)
)

select
    place,
    sub_account_id,
    resource_id,
    service_name,
    meter,
    consumed_unit,
    billing_currency,
    charge_kind,
    base_cost,
    period_cost,
    base_quantity,
    period_quantity,
    cause,
    case
        when cause = 'metered' and base_quantity > 0
            then
                try(
                    (
                        (base_cost::decimal(28, 8) * 100000000)::hugeint
                        * (period_quantity::decimal(28, 8) * 100000000)::hugeint
                        // (base_quantity::decimal(28, 8) * 100000000)::hugeint
                    )::decimal(30, 0)
                    * 0.00000001::decimal(8, 8)
                )
    end as expected_cost,
from named
