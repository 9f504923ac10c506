-- Every reservation and savings plan the bill or Azure's listings name: how it was used in a period, what was not, what it saved.
-- grain: one row per commitment and billing currency
-- source: marts.commitment_money and marts.commitment_utilization
-- parameters:
--   first_day := null: First day (UTC); default: all that is held.
--   last_day := null: Last day (UTC), inclusive; default: all that is held.
--   listings := 'marts.listed_commitments': Where to read what is listed.
-- example: marts.commitment_status(first_day := date '2026-10-01', last_day := date '2026-10-31')
-- columns:
--   commitment_name: Its guid, lower case, as bills and usage name it; null where the bill names none.
--   commitment_type: reservation or savings_plan; null where only the bill names it and does not say.
--   display_name: Name given by its owner, else its name on the bill.
--   sku_name: What is reserved, or the kind of plan.
--   term: P1Y, P3Y or P5Y.
--   quantity: Units of a reservation; null for plans.
--   sub_account_id: Subscription that pays for it, /subscriptions/<guid>; null when not listed.
--   applied_scope_type: single, shared or managementgroup.
--   state: succeeded, expired, cancelled, ...; null when only the bill names it.
--   expiry_date: Day it ends (UTC).
--   days_left: Days until then from the day of the listing; negative when it is over.
--   is_renewed: Whether it is renewed by itself.
--   is_expiring: Whether it ends within 60 days and is not renewed by itself.
--   utilization_7d: Percent used over the last 7 days, by Azure.
--   utilization_30d: Percent used over the last 30 days, by Azure.
--   utilization: Percent used in the period, by Azure's daily figures; null when not loaded.
--   billing_currency: Currency of the amounts; amounts of different currencies are never added.
--   used_by: Subscriptions whose usage it covered, /subscriptions/<guid>.
--   used_cost: Amortized cost of what was used; null when the amortized reading is not loaded.
--   unused_cost: Amortized cost of what was paid for and not used.
--   used_percent: used_cost of both together.
--   covered_on_demand_cost: The covered usage at on-demand prices; null where the bill has no price for a part of it.
--   not_priced_cost: Amortized cost of covered usage without such a price.
--   savings: covered_on_demand_cost less used_cost and unused_cost; negative for a loss.
--   savings_basis: contracted, or list where a part is known at list prices only, which are higher than what was saved.
--   loaded_at: Instant of the listing (UTC).
with listed as (
    from query_table(listings)
    qualify row_number() over (partition by commitment_name order by loaded_at desc) = 1
),

billed as (
    from marts.commitment_money(first_day := first_day, last_day := last_day)
)

select
    coalesce(listed.commitment_name, billed.commitment_name) as commitment_name,
    coalesce(listed.commitment_type, billed.commitment_type) as commitment_type,
    coalesce(listed.display_name, billed.commitment_label) as display_name,
    listed.sku_name,
    listed.term,
    listed.quantity,
    listed.sub_account_id,
    listed.applied_scope_type,
    listed.state,
    listed.expiry_date,
    listed.days_left,
    listed.is_renewed,
    coalesce(not coalesce(listed.is_renewed, false) and listed.state = 'succeeded' and listed.days_left between 0 and 60, false) as is_expiring,
    listed.utilization_7d,
    listed.utilization_30d,
    daily.utilization,
    billed.billing_currency,
    billed.used_by,
    billed.used_cost,
    billed.unused_cost,
    billed.used_percent,
    billed.covered_on_demand_cost,
    billed.not_priced_cost,
    billed.savings,
    billed.savings_basis,
    listed.loaded_at,
from listed
full join billed on listed.commitment_name = billed.commitment_name
left join marts.commitment_utilization(first_day := first_day, last_day := last_day) as daily
    on coalesce(listed.commitment_name, billed.commitment_name) = daily.commitment_name
