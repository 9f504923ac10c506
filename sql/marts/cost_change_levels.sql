-- What is explained of a change: every row by its group, and once more those of the resources (of services, for charges without one) whose cost changed most.
-- grain: one row per level and row of compared; at level resource without its groups
-- source: the resources with the largest differences of each currency, by turns where there are several
-- base_of: marts.cost_changes
-- parameters:
--   compared: Name of what marts.compared_charges or marts.compared_months gave, such as that of a WITH.
--   resources := 10: How many resources, of all currencies together.
-- example: (with compared as (from marts.compared_months(charges.service_name, date '2026-09-01', date '2026-09-30', date '2026-10-01', date '2026-10-31')) from marts.cost_change_levels('compared'))
-- like: marts.compared_charges
-- columns:
--   level: group or resource.
--   place: The group, at level group; else null.
with things as (
    select
        sub_account_id,
        resource_id,
        case when resource_id is null then service_name end as of_service,
        billing_currency,
        sum(period_cost) - sum(base_cost) as difference,
    from query_table(compared)
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
            order by abs(things.difference) desc, things.resource_id, things.of_service, things.sub_account_id
        ) as place_in_currency,
    from things
    inner join least on things.billing_currency = least.billing_currency
    where abs(things.difference) >= least.difference
),

chosen as (
    select sub_account_id, resource_id, of_service, billing_currency,
    from ranked
    where place_in_currency <= resources
    qualify row_number() over (order by place_in_currency, billing_currency) <= resources
)

select
    'group' as level,
    *,
from query_table(compared)
union all by name
select
    'resource' as level,
    rows_of.sub_account_id,
    rows_of.resource_id,
    rows_of.service_name,
    rows_of.meter,
    rows_of.consumed_unit,
    rows_of.billing_currency,
    rows_of.charge_kind,
    sum(rows_of.base_cost) as base_cost,
    sum(rows_of.period_cost) as period_cost,
    case when count(*) = count(rows_of.base_quantity) then sum(rows_of.base_quantity) end as base_quantity,
    case when count(*) = count(rows_of.period_quantity) then sum(rows_of.period_quantity) end as period_quantity,
    min(rows_of.first_date) as first_date,
    max(rows_of.last_date) as last_date,
    bit_or(rows_of.base_days) as base_days,
    bit_or(rows_of.period_days) as period_days,
    bit_or(rows_of.base_committed_days) as base_committed_days,
    bit_or(rows_of.period_committed_days) as period_committed_days,
from query_table(compared) as rows_of
inner join chosen
    on rows_of.billing_currency = chosen.billing_currency
    and rows_of.sub_account_id is not distinct from chosen.sub_account_id
    and rows_of.resource_id is not distinct from chosen.resource_id
    and (rows_of.resource_id is not null or rows_of.service_name is not distinct from chosen.of_service)
group by all
