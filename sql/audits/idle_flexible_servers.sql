-- PostgreSQL and MySQL servers with next to no load and no more connections than Azure keeps open itself.
-- title: Idle database servers
-- severity: high
-- category: usage
-- action: delete
-- confidence: low
-- needs: metrics
-- population: staging.flexible_servers
-- fix: Ask the owners of its databases; export and delete it, or stop it while it rests. One that a few people use may be of a smaller size.
-- source: processor < 5 % on average, 95 % of the hours' peaks < 15 % (as for App Service plans), never more than 15 connections, over 28 days: active_connections counts Azure's own, and Azure reserves 15 for monitoring and replication (Microsoft Learn, Limits in Azure Database for PostgreSQL flexible server; of MySQL no number is told, the same is taken)
select
    resource_id,
    'Processor ' || round(processor_average, 1) || ' % on average, peaks of ' || round(processor_peak, 1)
    || ' %, at most ' || round(connections_maximum) || ' connections (Azure''s own among them) over ' || measured_days
    || ' days.' as finding,
    case
        when unknown is not null or spared is not null then unknown
        when coalesce(connections_days, 0) < days_needed
            then 'Azure Monitor has figures of its connections of ' || coalesce(connections_days, 0) || ' days; '
                || days_needed || ' are needed.'
    end as unknown,
    coalesce(
        spared,
        case
            when replication_role like '%replica%' then 'Is a replica of another server.'
            when replication_role = 'source' then 'Has replicas, that follow it.'
        end
    ) as spared,
    to_json({
        'cpu_average_percent': processor_average,
        'cpu_p95_of_hourly_peaks_percent': processor_peak,
        'connections_maximum': connections_maximum,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'sku_name': sku_name,
        'high_availability': high_availability
    }) as evidence,
from marts.judged_by_use(source := 'staging.flexible_servers', usage := 'marts.resource_load')
where
    state = 'ready'
    and (
        is_undecided
        or coalesce(connections_days, 0) < days_needed
        or (
            processor_average < 5
            and processor_peak < 15
            and connections_maximum <= coalesce(getvariable('idle_server_connections'), 15)
        )
    )
