-- Data Explorer clusters that run though nothing is ingested or asked.
-- title: Idle Data Explorer clusters
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.capacity_units
-- fix: See that no other cluster follows its databases; then switch on automatic stop, stop it or delete it.
-- source: neither data ingested nor time spent on queries over 28 days, while KeepAlive says that it ran (Azure Monitor's reference of supported metrics); Azure itself stops clusters after 5 such days, but not leaders of others, those in virtual networks and those where automatic stop is off (Microsoft Learn, Automatic stop of inactive clusters)
select
    resource_id,
    'Nothing was ingested and no query was run in ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'use_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'sku_capacity': sku_capacity,
        'is_stopped_when_unused': is_stopped_when_unused
    }) as evidence,
from marts.judged_by_use(source := 'staging.capacity_units')
where
    resource_type = 'microsoft.kusto/clusters'
    and state = 'running'
    and (is_undecided or total = 0)
