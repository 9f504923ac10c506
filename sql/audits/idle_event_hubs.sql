-- Event Hubs namespaces that no event goes through.
-- title: Idle Event Hubs namespaces
-- severity: medium
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.capacity_units
-- fix: See that it is not the secondary of a pair for disaster recovery; then delete it.
-- source: no message in or out over 28 days, while the size of its hubs is told (Azure Monitor's reference of supported metrics); namespaces in dedicated clusters, which are billed instead, are left out; a pairing for disaster recovery is not in Resource Graph
select
    resource_id,
    'No event in or out in ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'messages_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'sku_capacity': sku_capacity
    }) as evidence,
from marts.judged_by_use(source := 'staging.capacity_units')
where
    resource_type = 'microsoft.eventhub/namespaces'
    and cluster_id is null
    and (is_undecided or total < 1)
