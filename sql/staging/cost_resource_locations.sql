-- Region of each resource on a month's bill, with normalised ids.
-- grain: one row per scope, month, resource (as written), region and currency
-- columns:
--   x_scope_id: Scope that was asked, lower case.
--   billing_month: First day of the calendar month (UTC) that was asked.
--   resource_id: Full ARM id, lower case; null for charges without a resource.
--   region_id: Region without blanks, lower case, such as westeurope; null where the bill names none.
--   billing_currency: Currency of cost.
--   cost: Actual cost of the month there, in the billing currency, before tax.
select
    _scope_id as x_scope_id,
    _month as billing_month,
    lower(nullif(resource_id, '')) as resource_id,
    nullif(nullif(replace(lower(resource_location), ' ', ''), ''), 'unassigned') as region_id,
    upper(currency) as billing_currency,
    cost,
from raw.cost_resource_locations
