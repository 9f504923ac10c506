-- Container registries that nothing is pulled from or pushed to.
-- title: Idle container registries
-- severity: low
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.capacity_units
-- fix: See that no image in it is the last copy of something needed; delete it, or change it to Basic.
-- source: neither pulls nor pushes over 28 days, while the storage used is told (Azure Monitor's reference of supported metrics); Basic registries, whose fee is the least, are left out
select
    resource_id,
    'Neither pulled from nor pushed to in ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'pulls_and_pushes_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'sku_capacity': sku_capacity
    }) as evidence,
from marts.judged_by_use(source := 'staging.capacity_units')
where
    resource_type = 'microsoft.containerregistry/registries'
    and lower(sku_name) in ('standard', 'premium')
    and (is_undecided or total < 1)
