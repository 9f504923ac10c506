-- NAT gateways on subnets through which next to nothing goes out.
-- title: Idle NAT gateways
-- severity: medium
-- category: usage
-- action: delete
-- confidence: medium
-- needs: metrics
-- population: staging.nat_gateways
-- fix: See whether anything in its subnets still needs it, then take it off them and delete it with its addresses.
-- source: data processed < 1 MB a day over 28 days (own rule: a machine's updates alone are more); subnets and no traffic is what orphan lists cannot see
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
        'subnet_count': subnet_count
    }) as evidence,
from marts.judged_by_use(source := 'staging.nat_gateways')
where
    subnet_count > 0
    and (is_undecided or per_day < coalesce(getvariable('idle_bytes_per_day'), 1000000))
