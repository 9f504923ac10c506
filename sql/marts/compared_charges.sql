-- What each thing that is billed cost in two periods, from charges: what every explanation of a change begins with.
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
-- example: marts.compared_charges(charges.service_name, charges.billed_cost, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')
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
--   base_quantity: Consumed quantity then, 0 where there was no charge; null where a charge of either period does not say.
--   period_quantity: The same now.
--   first_date: First day with a charge in the period to explain.
--   last_date: Last day with a charge in the period to compare with.
--   base_days: Days with a charge then, as bits from the first day on; null where a period is longer than 127 days.
--   period_days: The same for now.
--   base_committed_days: Days then on which a commitment covered it, as bits.
--   period_committed_days: The same for now.
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
    case
        when count(*) = count(charges.consumed_quantity)
            then coalesce(sum(case when not charges.is_now then charges.consumed_quantity end), 0)
    end as base_quantity,
    case
        when count(*) = count(charges.consumed_quantity)
            then coalesce(sum(case when charges.is_now then charges.consumed_quantity end), 0)
    end as period_quantity,
    min(case when charges.is_now then charges.charge_period_start end) as first_date,
    max(case when not charges.is_now then charges.charge_period_start end) as last_date,
    bit_or(case when not charges.is_now then charges.day_bit end) as base_days,
    bit_or(case when charges.is_now then charges.day_bit end) as period_days,
    bit_or(case when not charges.is_now and charges.commitment_discount_id is not null then charges.day_bit end)
        as base_committed_days,
    bit_or(case when charges.is_now and charges.commitment_discount_id is not null then charges.day_bit end)
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
