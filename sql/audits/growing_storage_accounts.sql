-- Storage whose cost grows month after month is seldom looked at: old versions, logs and backups pile up.
-- title: Growing storage accounts
-- severity: low
-- category: usage
-- action: review
-- saving: at_stake
-- population: staging.storage_accounts
-- fix: Look for what piles up, and let a lifecycle policy delete it or move it to a cooler tier.
-- source: AOE: cost grows by more than 5 % and by more than 50 a month; here in two months, one after the other, since one alone may be a season's; the growth is told, and no share of it guessed to be saved
select
    growth.resource_id,
    'Cost ' || round(growth.earlier_billed_cost, 2)::decimal(38, 2) || ', ' || round(growth.previous_billed_cost, 2)::decimal(38, 2)
    || ' and ' || round(growth.billed_cost, 2)::decimal(38, 2) || ' ' || growth.billing_currency || ' in 30 days, one after the other.' as finding,
    to_json({
        'billed_cost': growth.billed_cost,
        'previous_billed_cost': growth.previous_billed_cost,
        'earlier_billed_cost': growth.earlier_billed_cost,
        'billing_currency': growth.billing_currency,
        'window_end_date': growth.window_end_date,
        'access_tier': accounts.access_tier,
        'sku_name': accounts.sku_name
    }) as evidence,
from marts.storage_cost_growth as growth
inner join staging.storage_accounts as accounts using (resource_id)
where
    growth.first_charge_date <= growth.first_window_start_date + 2
    and growth.previous_billed_cost > growth.earlier_billed_cost * 1.05
    and growth.billed_cost > growth.previous_billed_cost * 1.05
    and growth.billed_cost - growth.previous_billed_cost > coalesce(getvariable('growing_storage_cost'), 50)
qualify row_number() over (partition by growth.resource_id order by growth.billed_cost desc, growth.billing_currency) = 1
