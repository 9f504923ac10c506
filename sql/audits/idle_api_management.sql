-- API Management services that no request goes through.
-- title: Idle API Management services
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.capacity_units
-- fix: Ask the owners of its APIs, save its configuration, then delete it; the Consumption tier is billed by calls.
-- source: no request over 28 days, while its capacity or the processor of its gateway is told (Azure Monitor's reference of supported metrics; the latter of v2 tiers); the Consumption tier is billed by calls and left out
select
    resource_id,
    'No request in ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'requests_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'sku_capacity': sku_capacity
    }) as evidence,
from marts.judged_by_use(source := 'staging.capacity_units')
where
    resource_type = 'microsoft.apimanagement/service'
    and lower(sku_name) is distinct from 'consumption'
    and (is_undecided or total < 1)
