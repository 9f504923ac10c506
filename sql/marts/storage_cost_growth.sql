-- What each storage account cost in the last 30 complete days, and in the 30 days before them, twice.
-- grain: one row per storage account and billing currency with a charge in each of the three windows
-- base_of: audits.growing_storage_accounts
-- stored: whole
-- source: AOE looks at how the cost of storage grows; days count as complete as for marts.cost_windows
-- columns:
--   resource_id: Full ARM id, lower case.
--   billing_currency: Currency of the amounts.
--   first_charge_date: First UTC day with a charge in the three windows.
--   first_window_start_date: First UTC day of the earliest window.
--   window_end_date: Last UTC day of the latest window.
--   billed_cost: Actual cost of the latest window, before tax.
--   previous_billed_cost: The same of the window before it.
--   earlier_billed_cost: The same of the window before that.
with daily as (
    select
        charges.resource_id,
        charges.billing_currency,
        charges.charge_period_start as charge_date,
        charges.billed_cost,
        windows.window_end_date,
        (windows.window_end_date - charges.charge_period_start) // 30 as windows_ago,
    from marts.charges_as_of(null::timestamptz) as charges
    inner join marts.cost_windows as windows using (x_scope_id)
    where
        charges.resource_id like '%/providers/microsoft.storage/storageaccounts/%'
        and charges.charge_period_start between windows.window_end_date - 89 and windows.window_end_date
)

select
    resource_id,
    billing_currency,
    min(charge_date) as first_charge_date,
    max(window_end_date) - 89 as first_window_start_date,
    max(window_end_date) as window_end_date,
    sum(billed_cost) filter (where windows_ago = 0) as billed_cost,
    sum(billed_cost) filter (where windows_ago = 1) as previous_billed_cost,
    sum(billed_cost) filter (where windows_ago = 2) as earlier_billed_cost,
from daily
group by resource_id, billing_currency
having billed_cost > 0 and previous_billed_cost > 0 and earlier_billed_cost > 0
