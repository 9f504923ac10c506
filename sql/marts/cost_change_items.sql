-- Why the cost of each thing that is billed differs between two periods: its one cause.
-- grain: one row per row of levels
-- base_of: marts.cost_changes
-- parameters:
--   levels: Name of what marts.cost_change_levels gave, such as that of a WITH.
-- example: (with compared as (from marts.compared_months(charges.service_name, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')), levels as (from marts.cost_change_levels('compared')) from marts.cost_change_items('levels'))
-- columns:
--   level: group or resource.
--   place: The group: a value of dimension; null at level resource.
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
--   cause: new or gone (all usage of a resource by a service, in one of the periods only), metered (in both, with quantities of one unit), changed (in both, quantities not known), or the kind of charge where it is not usage.
--   expected_cost: Of metered ones: base_cost at the quantity of now and the unit price of then, cut to 8 decimals; null where there was no quantity then.
with used as (
    select
        level,
        place,
        sub_account_id,
        resource_id,
        service_name,
        billing_currency,
        min(first_date) as first_used,
        max(last_date) as last_used,
    from query_table(levels)
    where charge_kind = 'usage'
    group by all
),

named as (
    select
        compared.*,
        case
            when compared.charge_kind <> 'usage' then compared.charge_kind
            when used.last_used is null then 'new'
            when used.first_used is null then 'gone'
            when compared.base_quantity is not null and compared.consumed_unit is not null then 'metered'
            else 'changed'
        end as cause,
    from query_table(levels) as compared
    left join used
        on compared.level = used.level
        and compared.place is not distinct from used.place
        and compared.sub_account_id is not distinct from used.sub_account_id
        and compared.resource_id is not distinct from used.resource_id
        and compared.service_name is not distinct from used.service_name
        and compared.billing_currency = used.billing_currency
)

select
    *,
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
