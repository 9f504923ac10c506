-- Storage accounts that nothing reads or writes.
-- title: Idle storage accounts
-- severity: low
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.storage_accounts
-- fix: Look into it for state files and archives, then delete it, or move its data to the archive tier.
-- source: transactions < 10 a day over 28 days (own rule: the platform's own housekeeping makes some); boot diagnostics and archives are used seldom, so this is a question
select
    resource_id,
    round(per_day, 1) || ' transactions a day over ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'transactions_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'access_tier': access_tier
    }) as evidence,
from marts.judged_by_use(source := 'staging.storage_accounts')
where is_undecided or per_day < coalesce(getvariable('idle_transactions_per_day'), 10)
