-- Cost by subscription, service and calendar month.
-- grain: one row per month, subscription, service and billing currency
-- example: select service_name, billing_currency, sum(billed_cost) as cost from marts.cost_by_service_monthly
--   where billing_month = date_trunc('month', current_date) group by all order by cost desc
-- columns:
--   billing_month: First day of the calendar month (UTC).
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   sub_account_name: Its name.
--   service_name: Service by the bill; null when it names none.
--   billing_currency: Currency of the amounts; never add different ones.
--   billed_cost: Actual cost, before tax; null when not loaded.
--   effective_cost: Amortized cost; null when not loaded.
select
    charges.billing_month,
    charges.sub_account_id,
    subscriptions.sub_account_name,
    charges.service_name,
    charges.billing_currency,
    sum(charges.billed_cost) as billed_cost,
    sum(charges.effective_cost) as effective_cost,
from marts.charges as charges
left join marts.subscriptions as subscriptions using (sub_account_id)
group by all
