-- Every reservation and savings plan as it stands: marts.commitment_status of the last 30 complete days.
-- grain: one row per commitment and billing currency
-- example: select display_name, utilization_30d, unused_cost, billing_currency from marts.commitments order by unused_cost desc
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
--   utilization: Percent used in these days, by Azure's daily figures; null when not loaded.
--   billing_currency: Currency of the amounts; amounts of different currencies are never added.
--   used_cost: Amortized cost of what was used; null when the amortized reading is not loaded.
--   unused_cost: Amortized cost of what was paid for and not used.
--   used_percent: used_cost of both together.
--   covered_on_demand_cost: The covered usage at on-demand prices; null where the bill has no price for a part of it.
--   not_priced_cost: Amortized cost of covered usage without such a price.
--   savings: covered_on_demand_cost less used_cost and unused_cost; negative for a loss.
--   savings_basis: contracted, or list where a part is known at list prices only, which are higher than what was saved.
--   loaded_at: Instant of the listing (UTC).
--   money_until: Last day of the money (UTC); null when the bill does not name the commitment.
with latest as (
    select max(settled_date) as money_until
    from marts.cost_settled
)

select
    status.* exclude (used_by, loaded_at),
    case when status.billing_currency is not null then latest.money_until end as money_until,
    status.loaded_at,
from marts.commitment_status(
    first_day := (select max(settled_date) - 29 from marts.cost_settled),
    last_day := (select max(settled_date) from marts.cost_settled)
) as status
cross join latest
