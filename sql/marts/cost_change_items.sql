-- What each thing that is billed cost in two periods, and why it differs: the base of every explanation of a change.
-- grain: one row per group, subscription, resource, service, meter, unit, kind of charge and billing currency
-- base_of: marts.cost_changes
-- parameters:
--   dimension: What to group by, such as charges.service_name, or a struct of several.
--   measure: charges.billed_cost or charges.effective_cost.
--   base_start: First day (UTC) of the period to compare with.
--   base_end: Last day of it, inclusive.
--   period_start: First day of the period to explain.
--   period_end: Last day of it, inclusive.
--   keep := true: Condition on charges, such as charges.region_id = 'westeurope'.
--   source := 'marts.charge_kinds': What to read; 'marts.charges_now' is faster, and has fewer columns.
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
--   first_date: First day with a charge in the period to explain.
--   last_date: Last day with a charge in the period to compare with.
--   base_days: Days with a charge then, as bits from the first day on; null where a period is longer than 127 days.
--   period_days: The same for now.
--   base_committed_days: Days then on which a commitment covered it, as bits.
--   period_committed_days: The same for now.
--   cause: new or gone (all usage of a resource by a service, in one of the periods only), metered (in both, with quantities of one unit), changed (in both, quantities not known), or the kind of charge where it is not usage.
--   expected_cost: Of metered ones: base_cost at the quantity of now and the unit price of then, cut to 8 decimals; null where there was no quantity then.
with charged as materialized (  -- else DuckDB reads the charges twice, because it is read twice below
    select
        dimension as place,
        charges.sub_account_id,
        charges.resource_id,
        charges.service_name,
        coalesce(charges.x_meter_id, charges.sku_price_id) as meter,
        charges.consumed_unit,
        charges.billing_currency,
        charges.charge_kind,
        coalesce(sum(case when not charges.is_now then measure end), 0) as base_cost,
        coalesce(sum(case when charges.is_now then measure end), 0) as period_cost,
        count(*) = count(charges.consumed_quantity) as has_quantity,
        coalesce(sum(case when not charges.is_now then charges.consumed_quantity end), 0) as known_base,
        coalesce(sum(case when charges.is_now then charges.consumed_quantity end), 0) as known_now,
        max(case when not charges.is_now then charges.charge_period_start end) as last_date,
        min(case when charges.is_now then charges.charge_period_start end) as first_date,
        bit_or(charges.day_bit) filter (where not charges.is_now) as base_days,
        bit_or(charges.day_bit) filter (where charges.is_now) as period_days,
        bit_or(charges.day_bit) filter (where not charges.is_now and charges.commitment_discount_id is not null)
            as base_committed_days,
        bit_or(charges.day_bit) filter (where charges.is_now and charges.commitment_discount_id is not null)
            as period_committed_days,
    from (
        select
            *,
            charge_period_start between period_start and period_end as is_now,
            case
                when greatest(base_end - base_start, period_end - period_start) > 126 then null
                when charge_period_start between period_start and period_end
                    then 1::hugeint << (charge_period_start - period_start)::hugeint
                else 1::hugeint << (charge_period_start - base_start)::hugeint
            end as day_bit,
        from query_table(source)
        where
            charge_period_start between least(base_start, period_start) and greatest(base_end, period_end)
            and (
                charge_period_start between base_start and base_end
                or charge_period_start between period_start and period_end
            )
    ) as charges
    where keep
    group by all
),

used as (
    select
        place,
        sub_account_id,
        resource_id,
        service_name,
        billing_currency,
        max(last_date) as last_used,
        min(first_date) as first_used,
    from charged
    where charge_kind = 'usage'
    group by all
),

named as (
    select
        charged.*,
        case when charged.has_quantity then charged.known_base end as base_quantity,
        case when charged.has_quantity then charged.known_now end as period_quantity,
        case
            when charged.charge_kind <> 'usage' then charged.charge_kind
            when used.last_used is null then 'new'
            when used.first_used is null then 'gone'
            when charged.has_quantity and charged.consumed_unit is not null then 'metered'
            else 'changed'
        end as cause,
    from charged
    left join used
        on charged.place is not distinct from used.place
        and charged.sub_account_id is not distinct from used.sub_account_id
        and charged.resource_id is not distinct from used.resource_id
        and charged.service_name is not distinct from used.service_name
        and charged.billing_currency = used.billing_currency
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
    first_date,
    last_date,
    base_days,
    period_days,
    base_committed_days,
    period_committed_days,
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
