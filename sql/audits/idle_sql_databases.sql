-- SQL databases that nobody has connected to.
-- title: Idle SQL databases
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.sql_databases
-- fix: Ask the owner; export it (bacpac), then delete it, or make it serverless with automatic pause.
-- source: no successful connection over 28 days (A, T: by name or age only); databases of a pool, secondaries, paused ones and master are left out
select
    resource_id,
    'Nobody connected to it in ' || measured_days || ' days.' as finding,
    unknown,
    coalesce(spared, case when failover_group_id is not null then 'Is in a failover group.' end) as spared,
    to_json({
        'connections_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'service_objective': service_objective,
        'auto_pause_minutes': auto_pause_minutes
    }) as evidence,
from marts.judged_by_use(source := 'staging.sql_databases')
where
    not is_master
    and elastic_pool_id is null
    and secondary_type is null
    and status = 'online'
    and (is_undecided or total < 1)
