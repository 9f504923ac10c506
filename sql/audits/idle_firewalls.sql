-- Firewalls with rules that next to no traffic goes through.
-- title: Idle firewalls
-- severity: high
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.firewalls
-- fix: See which routes lead to it; deallocate it, or delete it with its addresses.
-- source: data processed < 1 MB a day over 28 days (own rule); a deallocated firewall is free
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
        'sku_tier': sku_tier
    }) as evidence,
from marts.judged_by_use(source := 'staging.firewalls')
where
    is_allocated
    and (is_undecided or per_day < coalesce(getvariable('idle_bytes_per_day'), 1000000))
