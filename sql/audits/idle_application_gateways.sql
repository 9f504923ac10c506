-- Application gateways with targets that get next to no requests.
-- title: Idle application gateways
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.application_gateways
-- fix: Ask the owner of the targets, then stop it (free), or delete it with its addresses.
-- source: requests < 50 a day over 28 days (own rule: scanners of public addresses send some to anybody); v1 is another check, a stopped one is free
select
    resource_id,
    round(per_day, 1) || ' requests a day over ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'requests_per_day': per_day,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_tier': sku_tier,
        'target_count': target_count
    }) as evidence,
from marts.judged_by_use(source := 'staging.application_gateways')
where
    sku_tier in ('Standard_v2', 'WAF_v2', 'Basic')
    and target_count > 0
    and operational_state is distinct from 'stopped'
    and (is_undecided or per_day < coalesce(getvariable('idle_requests_per_day'), 50))
