-- Premium disks of running machines that are read and written so little that a Standard SSD would do.
-- title: Underused Premium disks
-- severity: medium
-- category: usage
-- action: change
-- saving: given
-- confidence: low
-- needs: metrics
-- population: staging.disks
-- fix: Ask how much delay matters, then change it to Standard SSD, whose operations are billed besides (the machine must be deallocated meanwhile); a single machine has its guarantee of 99.9 % only while all its disks are Premium.
-- source: of what the disk may do, 95 % of the hours' peaks take < 5 % (AOE: 5 % of operations and of MB/s), and none more than a Standard SSD of any size gives (500 operations and 60 MB a second: Azure's limits of managed disks), over at least 14 days; v2 and Ultra are billed by what is set
select
    disks.resource_id,
    'Premium, and used to ' || round(100 * disks.operations_peak / disks.disk_iops, 1) || ' % of its operations and '
    || round(100 * disks.bytes_peak / 1000000 / disks.disk_mbps, 1) || ' % of its throughput at peaks over ' || disks.measured_days
    || ' days' || case when disks.os_type is not null then '; it is the system disk of ' else '; its machine is ' end
    || machines.resource_name || '.' as finding,
    disks.unknown,
    coalesce(
        disks.spared,
        case
            when disks.max_shares > 1 then 'A shared disk: other machines may use it.'
            when disks.is_bursting_enabled then 'Bursting on demand is paid for, so peaks are expected.'
        end
    ) as spared,
    sizes.saving as given_saving,
    sizes.billing_currency as given_currency,
    sizes.unpriced,
    to_json({
        'sku_name': disks.sku_name,
        'smaller_size': sizes.smaller_size,
        'disk_size_gb': disks.disk_size_gb,
        'tier': disks.tier,
        'machine': disks.managed_by,
        'system_disk_of': disks.os_type,
        'operations_per_second': disks.operations_average,
        'operations_per_second_at_peaks': disks.operations_peak,
        'operations_per_second_at_most': disks.operations_maximum,
        'operations_per_second_allowed': disks.disk_iops,
        'bytes_per_second_at_peaks': disks.bytes_peak,
        'bytes_per_second_at_most': disks.bytes_maximum,
        'megabytes_per_second_allowed': disks.disk_mbps,
        'measured_days': disks.measured_days,
        'first_date': disks.first_date,
        'last_date': disks.last_date,
        'unit_price': sizes.unit_price::varchar,
        'unit_price_of_the_smaller_size': sizes.smaller_unit_price::varchar,
        'unit_prices_from': sizes.price_source
    }) as evidence,
from marts.judged_by_use(
    source := 'staging.disks',
    usage := 'marts.disk_load',
    needed_days := coalesce(getvariable('metric_days'), 14)
) as disks
inner join staging.virtual_machines as machines on disks.managed_by = machines.resource_id
left join marts.smaller_sizes as sizes on disks.resource_id = sizes.resource_id
where
    lower(disks.sku_name) in ('premium_lrs', 'premium_zrs')
    and machines.power_state = 'running'
    and (
        disks.is_undecided
        or (
            disks.operations_peak < 0.05 * disks.disk_iops
            and disks.bytes_peak < 0.05 * 1000000 * disks.disk_mbps
            and disks.operations_maximum < 500
            and disks.bytes_maximum < 60000000
        )
    )
