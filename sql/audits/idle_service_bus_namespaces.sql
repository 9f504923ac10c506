-- Premium Service Bus namespaces that no message goes through.
-- title: Idle Service Bus namespaces
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.capacity_units
-- fix: See that it is not the secondary of a pair for disaster recovery; then delete it. Standard is billed by operations.
-- source: no message in or out over 28 days, while the load of its processor is told (Azure Monitor's reference of supported metrics); Basic and Standard are billed by operations, so unused ones cost next to nothing; a pairing for disaster recovery is not in Resource Graph
select
    resource_id,
    'No message in or out in ' || measured_days || ' days.' as finding,
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
    resource_type = 'microsoft.servicebus/namespaces'
    and lower(sku_name) = 'premium'
    and (is_undecided or total < 1)
