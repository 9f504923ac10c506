-- What changed of days that were known already: the charges that came, went or were amended, when that was learned, and by how much.
-- grain: one row per charge key (source, scope, day, resource, service, charge category, meter, currency) and instant at which its amounts were learned to differ
-- source: the first amounts known of a scope's day are no restatement; they and all differences here add up to what is known now
-- columns:
--   learned_at: Instant of the load that brought the difference (UTC).
--   x_source: Where the charge came from: focus, cost_details, cost_export, usage_details or query.
--   x_scope_id: What was asked: the scope of a query or report, or the export or file the charge came with.
--   billing_month: First day of the calendar month (UTC) of the charge.
--   charge_date: UTC day of the charge.
--   sub_account_id: Subscription, /subscriptions/<guid>; another cloud's account as written.
--   x_resource_group_name: Resource group, lower case.
--   resource_id: Resource by its full id; null for charges without one.
--   service_name: Service by the bill.
--   charge_category: Usage, Purchase, Tax, Credit or Adjustment; null where the source does not tell.
--   x_meter_id: GUID of Azure's meter; null where the source does not tell.
--   billing_currency: Currency of the amounts; never add different ones.
--   kind: came, vanished or changed.
--   old_billed_cost: Actual cost of the key that was known before, of the rows that changed; 0 when it came.
--   new_billed_cost: What took its place; 0 when it vanished.
--   billed_cost_change: new_billed_cost less old_billed_cost; null where one of them is not loaded.
--   old_effective_cost: The same for amortized cost.
--   new_effective_cost: What took its place.
--   effective_cost_change: new_effective_cost less old_effective_cost.
with known as (
    select * from charges.from_focus
    union all by name
    select * from charges.from_details
    union all by name
    select * from charges.from_query
    union all by name
    select * rename (_valid_to as x_valid_to) from history.from_details
    union all by name
    select * rename (_valid_to as x_valid_to) from history.from_query
),

days as (
    select x_source, x_scope_id, charge_period_start, min(x_loaded_at) as first_known_at
    from known
    group by all
),

moves as (
    select *, x_valid_to as learned_at, true as is_gone
    from known
    where x_valid_to is not null
    union all by name
    select known.*, known.x_loaded_at as learned_at, false as is_gone
    from known
    inner join days
        on known.x_source = days.x_source
        and known.x_scope_id = days.x_scope_id
        and known.charge_period_start = days.charge_period_start
    where known.x_loaded_at > days.first_known_at
),

compared as (
    select
        learned_at,
        x_source,
        x_scope_id,
        billing_month,
        charge_period_start as charge_date,
        sub_account_id,
        x_resource_group_name,
        resource_id,
        service_name,
        charge_category,
        x_meter_id,
        billing_currency,
        case when not bool_or(is_gone) then 'came' when bool_and(is_gone) then 'vanished' else 'changed' end as kind,
        case when bool_or(is_gone) then sum(billed_cost) filter (where is_gone) else 0 end as old_billed_cost,
        case when bool_and(is_gone) then 0 else sum(billed_cost) filter (where not is_gone) end as new_billed_cost,
        case when bool_or(is_gone) then sum(effective_cost) filter (where is_gone) else 0 end as old_effective_cost,
        case when bool_and(is_gone) then 0 else sum(effective_cost) filter (where not is_gone) end as new_effective_cost,
    from moves
    group by all
)

select
    learned_at,
    x_source,
    x_scope_id,
    billing_month,
    charge_date,
    sub_account_id,
    x_resource_group_name,
    resource_id,
    service_name,
    charge_category,
    x_meter_id,
    billing_currency,
    kind,
    old_billed_cost,
    new_billed_cost,
    new_billed_cost - old_billed_cost as billed_cost_change,
    old_effective_cost,
    new_effective_cost,
    new_effective_cost - old_effective_cost as effective_cost_change,
from compared
where coalesce(billed_cost_change, 0) <> 0 or coalesce(effective_cost_change, 0) <> 0
