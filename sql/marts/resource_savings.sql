-- What would leave the bill in a month if a resource were deleted: its own billed cost of the last 30 complete days.
-- grain: one row per resource that had a charge in the window
-- stored: whole
-- source: docs/architecture.md, Money: a resource's own billed cost comes first
-- columns:
--   resource_id: Full ARM id, lower case.
--   monthly_saving: Billed cost of the window in billing_currency; of a resource billed in several currencies, the largest one.
--   billing_currency: Its currency.
--   currency_count: Currencies the resource is billed in; the amounts of the others are not included.
--   window_start_date: First of the 30 days (UTC).
--   window_end_date: Last of the 30 days (UTC).
select
    resource_id,
    arg_max(billed_cost, abs(billed_cost)) as monthly_saving,
    arg_max(billing_currency, abs(billed_cost)) as billing_currency,
    count(*) as currency_count,
    max(window_start_date) as window_start_date,
    max(window_end_date) as window_end_date,
from marts.resource_cost_last_30_days
where billed_cost is not null
group by resource_id
