-- What each resource cost in its subscription's last 30 complete days: the base of every saving.
-- grain: one row per resource and billing currency with a charge in the window
-- source: a day counts as complete when three more days have passed, because Azure adds usage for up to 72 hours
-- columns:
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   resource_id: Full ARM id, lower case.
--   billing_currency: Currency of the amounts.
--   window_start_date: First of the 30 days (UTC).
--   window_end_date: Last of the 30 days (UTC).
--   billed_cost: Actual cost of the window, before tax.
--   effective_cost: Amortized cost of the window.
select
    charges.sub_account_id,
    charges.resource_id,
    charges.billing_currency,
    windows.window_start_date,
    windows.window_end_date,
    sum(charges.billed_cost) as billed_cost,
    sum(charges.effective_cost) as effective_cost,
from marts.charges_as_of(null::timestamptz) as charges
inner join marts.cost_windows as windows using (x_scope_id)
where
    charges.resource_id is not null
    and charges.charge_period_start between windows.window_start_date and windows.window_end_date
group by all
