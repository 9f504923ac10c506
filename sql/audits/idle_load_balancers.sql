-- Load balancers with back ends that nobody calls.
-- title: Idle load balancers
-- severity: medium
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.load_balancers
-- fix: Ask the owner of the back ends, then delete it with its addresses.
-- source: data through its front ends < 1 MB a day over 28 days (own rule); health probes do not count there, and Basic ones are free and have no metrics
select
    resource_id,
    round(per_day / 1000, 1) || ' kB a day went through it over ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'bytes_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'rule_count': rule_count,
        'backend_member_count': backend_member_count
    }) as evidence,
from marts.judged_by_use(source := 'staging.load_balancers')
where
    sku_name = 'standard'
    and backend_member_count > 0
    and (is_undecided or per_day < coalesce(getvariable('idle_bytes_per_day'), 1000000))
