-- Actual cost of whole months as Azure totals them, without any detail.
-- grain: one row per scope, month and currency
-- columns:
--   x_scope_id: Scope that was asked, lower case.
--   billing_month: First day of the calendar month (UTC).
--   billing_currency: Currency of cost.
--   cost: Actual cost of the month in the billing currency, before tax.
--   cost_usd: The same in US dollars, by Azure's own rate.
--   loaded_at: Instant of the load that brought the total as it is (UTC).
select
    _scope_id as x_scope_id,
    billing_month,
    upper(currency) as billing_currency,
    cost,
    cost_usd,
    _loaded_at as loaded_at,
from raw.cost_monthly_totals
