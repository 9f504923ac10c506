-- The rows of the resources (of services, for charges without one) whose cost changed most, in place of all: to explain each.
-- grain: as that of compared, with the resource as the group
-- source: the largest differences of each currency, by turns where there are several
-- base_of: marts.cost_changes
-- parameters:
--   compared: Name of what marts.compared_charges or marts.compared_months gave, such as that of a WITH.
--   resources := 10: How many resources, of all currencies together.
-- example: (with compared as (from marts.compared_months(charges.service_name, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')) from marts.cost_change_resources('compared'))
-- like: marts.compared_charges
-- columns:
--   place: The resource: sub_account_id, resource_id and, for charges without a resource, service_name.
with compared_rows as (
    select
        *,
        {
            'sub_account_id': sub_account_id,
            'resource_id': resource_id,
            'service_name': case when resource_id is null then service_name end
        } as thing,
    from query_table(compared)
),

things as (
    select thing, billing_currency, sum(period_cost) - sum(base_cost) as difference,
    from compared_rows
    group by all
    having sum(period_cost) <> sum(base_cost)
),

least as ( -- so that only the few largest are sorted by name
    select billing_currency, list_min(max(abs(difference), greatest(resources, 1))) as difference,
    from things
    group by billing_currency
),

ranked as (
    select
        things.*,
        row_number() over (
            partition by things.billing_currency
            order by
                abs(things.difference) desc, things.thing.resource_id, things.thing.service_name, things.thing.sub_account_id
        ) as place_in_currency,
    from things
    inner join least on things.billing_currency = least.billing_currency
    where abs(things.difference) >= least.difference
),

chosen as (
    select thing, billing_currency,
    from ranked
    where place_in_currency <= resources
    qualify row_number() over (order by place_in_currency, billing_currency) <= resources
)

select
    compared_rows.thing as place,
    compared_rows.sub_account_id,
    compared_rows.resource_id,
    compared_rows.service_name,
    compared_rows.meter,
    compared_rows.consumed_unit,
    compared_rows.billing_currency,
    compared_rows.charge_kind,
    sum(compared_rows.base_cost) as base_cost,
    sum(compared_rows.period_cost) as period_cost,
    case when count(*) = count(compared_rows.base_quantity) then sum(compared_rows.base_quantity) end as base_quantity,
    case when count(*) = count(compared_rows.period_quantity) then sum(compared_rows.period_quantity) end
        as period_quantity,
    min(compared_rows.first_date) as first_date,
    max(compared_rows.last_date) as last_date,
    bit_or(compared_rows.base_days) as base_days,
    bit_or(compared_rows.period_days) as period_days,
    bit_or(compared_rows.base_committed_days) as base_committed_days,
    bit_or(compared_rows.period_committed_days) as period_committed_days,
from compared_rows
inner join chosen on compared_rows.thing = chosen.thing and compared_rows.billing_currency = chosen.billing_currency
group by all
