-- Dedicated SQL pools that are online and that nobody logs in to.
-- title: Idle Synapse SQL pools
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.capacity_units
-- fix: Ask the owner; pause it (its storage alone is billed then), or delete it after a last restore point.
-- source: no login over 28 days (Connections, with or without success; Azure Monitor's reference of supported metrics), while DWULimit says that it was online; queries are not counted, as ActiveQueries has Azure's own among them
select
    resource_id,
    'Online, and nobody logged in in ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'logins_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'sku_capacity': sku_capacity
    }) as evidence,
from marts.judged_by_use(source := 'staging.capacity_units')
where
    resource_type = 'microsoft.synapse/workspaces/sqlpools'
    and state = 'online'
    and (is_undecided or total < 1)
