-- What marts.listed_commitments says but for the age of the listing, kept ready: reservations and savings plans in one shape.
-- grain: one row per reservation or savings plan
-- base_of: marts.listed_commitments
-- stored: whole
-- columns:
--   table_name: Raw table of the listing: reservations or savings_plans.
--   x_scope_id: Scope that was listed; / for the whole sign-in.
--   commitment_id: Id beneath its order, lower case.
--   commitment_name: Its guid, lower case, as bills and usage name it.
--   commitment_type: reservation or savings_plan.
--   display_name: Name given by its owner.
--   sku_name: What is reserved, or the kind of plan.
--   term: P1Y, P3Y or P5Y.
--   quantity: Units of a reservation; null for plans.
--   sub_account_id: Subscription that pays for it, /subscriptions/<guid>.
--   applied_scope_type: single, shared or managementgroup.
--   state: succeeded, expired, cancelled, ...
--   expiry_date: Day it ends (UTC).
--   is_renewed: Whether it is renewed by itself.
--   utilization_7d: Percent used over the last 7 days, by Azure.
--   utilization_30d: Percent used over the last 30 days, by Azure.
with listed as (
    select 'reservations' as table_name, reservation_id as commitment_id, 'reservation' as commitment_type, *,
    from staging.reservations
    union all by name
    select
        'savings_plans' as table_name,
        savings_plan_id as commitment_id,
        'savings_plan' as commitment_type,
        *,
        (expires_at at time zone 'UTC')::date as expiry_date,
    from staging.savings_plans
)

select
    table_name,
    x_scope_id,
    commitment_id,
    regexp_extract(commitment_id, '[^/]+$') as commitment_name,
    commitment_type,
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
from listed
