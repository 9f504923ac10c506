-- Cosmos DB accounts that nobody reads or writes.
-- title: Idle Cosmos DB accounts
-- severity: medium
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.cosmos_accounts
-- fix: Keep a backup, then delete the account, or make it serverless.
-- source: not one request unit a day over 28 days (D: unused accounts)
select
    resource_id,
    'No request unit in ' || measured_days || ' days.' as finding,
    unknown,
    coalesce(spared, case when is_free_tier then 'The free tier is applied to it.' end) as spared,
    to_json({
        'request_units_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date
    }) as evidence,
from marts.judged_by_use(source := 'staging.cosmos_accounts')
where is_undecided or per_day < 1
