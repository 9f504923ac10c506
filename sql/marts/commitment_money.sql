-- What each commitment cost, what of it nothing used, and what it saved, in a period.
-- grain: one row per commitment and billing currency with such a charge in the period; the name is null where the bill gives none
-- source: savings are the covered usage at on-demand prices less all the commitment cost; unused rows are left out of the
--   first, as they carry a price and quantity as if somebody had used them (azure-docs 64811)
-- parameters:
--   first_day := null: First day (UTC); default: all that is held.
--   last_day := null: Last day (UTC), inclusive; default: all that is held.
-- example: marts.commitment_money(first_day := date '2026-10-01', last_day := date '2026-10-31')
-- columns:
--   commitment_name: Guid of the reservation or plan, lower case.
--   commitment_type: reservation or savings_plan; null where the bill does not say.
--   commitment_label: Its name on the bill.
--   billing_currency: Currency of the amounts; amounts of different currencies are never added.
--   used_by: Subscriptions whose usage it covered, /subscriptions/<guid>.
--   used_cost: Amortized cost of what was used; null when the amortized reading is not loaded.
--   unused_cost: Amortized cost of what was paid for and not used.
--   used_percent: used_cost of both together.
--   covered_on_demand_cost: The covered usage at on-demand prices; null where the bill has no price for a part of it.
--   not_priced_cost: Amortized cost of covered usage without such a price.
--   savings: covered_on_demand_cost less used_cost and unused_cost; negative for a loss.
--   savings_basis: contracted, or list where a part is known at list prices only, which are higher than what was saved.
with sums as (
    select
        commitment_name,
        min(commitment_type) as commitment_type,
        min(commitment_label) as commitment_label,
        billing_currency,
        list_sort([ -- a distinct aggregate would be planned, and worked out, for those who do not ask for it, too
            nullif(one, '')
            for one in list_distinct(list(coalesce(sub_account_id, '')) filter (where coverage = 'covered'))
        ]) as used_by,
        sum(not_amortized) as not_amortized,
        sum(case when coverage = 'covered' then effective_cost else 0 end) as used_cost,
        sum(case when coverage = 'unused' then effective_cost else 0 end) as unused_cost,
        sum(case when coverage = 'covered' then coalesce(on_demand_cost, 0) else 0 end) as on_demand_cost,
        sum(case when coverage = 'covered' then not_priced else 0 end) as not_priced,
        sum(case when coverage = 'covered' then coalesce(not_priced_cost, 0) else 0 end) as not_priced_cost,
        bool_or(price_basis = 'list') as has_list,
        bool_or(coverage = 'covered') as is_used,
    from marts.commitment_days
    where
        coverage in ('covered', 'unused')
        and charge_date between coalesce(first_day, date '1900-01-01') and coalesce(last_day, date '9999-12-31')
    group by commitment_name, billing_currency
)

select
    commitment_name,
    commitment_type,
    commitment_label,
    billing_currency,
    used_by,
    case when not_amortized = 0 then used_cost end as used_cost,
    case when not_amortized = 0 then unused_cost end as unused_cost,
    case when not_amortized = 0 then round(100 * used_cost::double / nullif(used_cost + unused_cost, 0)::double, 2) end as used_percent,
    case when not_priced = 0 then on_demand_cost end as covered_on_demand_cost,
    case when not_amortized = 0 then not_priced_cost end as not_priced_cost,
    case when not_priced = 0 and not_amortized = 0 then on_demand_cost - used_cost - unused_cost end as savings,
    case when not_priced > 0 or not_amortized > 0 or not is_used then null when has_list then 'list' else 'contracted' end as savings_basis,
from sums
