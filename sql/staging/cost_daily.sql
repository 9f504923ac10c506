-- Cost by UTC day, resource and service, one metric per row, with normalised ids.
-- grain: one row per scope, metric, day, subscription, resource (as written), service and currency
-- columns:
--   x_scope_id: Scope that was asked, lower case.
--   billing_month: First day of the calendar month (UTC) that was asked.
--   metric: ActualCost or AmortizedCost; never to be added together.
--   charge_date: UTC day of the usage or purchase.
--   sub_account_id: Subscription, /subscriptions/<guid>, lower case; null for charges of a billing scope without one.
--   resource_id: Full ARM id, lower case; null for charges without a resource, and where the scope is wider than a subscription.
--   service_name: Service, such as Virtual Machines; null when the bill names none.
--   billing_currency: Currency of cost.
--   cost: Cost in the billing currency, before tax.
--   cost_usd: The same in US dollars, by Azure's own rate.
--   loaded_at: Instant of the load that brought the row as it is (UTC).
select
    _scope_id as x_scope_id,
    _month as billing_month,
    _metric as metric,
    usage_date as charge_date,
    coalesce(
        '/subscriptions/' || lower(nullif(subscription_id, '')),
        nullif(regexp_extract(_scope_id, '^(/subscriptions/[^/]+)', 1), '')
    ) as sub_account_id,
    lower(nullif(resource_id, '')) as resource_id,
    nullif(service_name, '') as service_name,
    upper(currency) as billing_currency,
    cost,
    cost_usd,
    _loaded_at as loaded_at,
from raw.cost_daily
