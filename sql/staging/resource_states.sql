-- What state each resource was in, as far as the lake remembers: every row that was ever loaded, with its interval.
-- grain: one row per resource, kind of state and interval in which its row did not change
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   table_name: Raw table it comes from.
--   state_kind: What the state is about: power_state, disk_state, use, operational_state, capacity or state.
--   state: The state, lower case; null when Azure did not say.
--   load_id: Load that brought the row (see meta.loads).
--   valid_from: Instant of the load since which the row was known (UTC).
--   valid_to: Instant of the load from which it no longer held (UTC); null for what holds now.
with known as (
    select
        'virtual_machines' as table_name,
        'power_state' as state_kind,
        lower(power_state) as state,
        id, _scope_id, _load_id, _loaded_at, _valid_to,
    from (select *, null::timestamptz as _valid_to from raw.virtual_machines union all by name select * from history.virtual_machines)

    union all

    select
        'disks' as table_name,
        'disk_state' as state_kind,
        lower(disk_state) as state,
        id, _scope_id, _load_id, _loaded_at, _valid_to,
    from (select *, null::timestamptz as _valid_to from raw.disks union all by name select * from history.disks)

    union all

    select
        'public_ips' as table_name,
        'use' as state_kind,
        case when ip_configuration_id is null and nat_gateway_id is null then 'unused' else 'used' end as state,
        id, _scope_id, _load_id, _loaded_at, _valid_to,
    from (select *, null::timestamptz as _valid_to from raw.public_ips union all by name select * from history.public_ips)

    union all

    select
        'network_interfaces' as table_name,
        'use' as state_kind,
        case
            when coalesce(virtual_machine_id, private_endpoint_id, private_link_service_id, hosted_workloads) is null
                then 'unused'
            else 'used'
        end as state,
        id, _scope_id, _load_id, _loaded_at, _valid_to,
    from (select *, null::timestamptz as _valid_to from raw.network_interfaces union all by name select * from history.network_interfaces)

    union all

    select
        'nat_gateways' as table_name,
        'use' as state_kind,
        case when subnets is null then 'unused' else 'used' end as state,
        id, _scope_id, _load_id, _loaded_at, _valid_to,
    from (select *, null::timestamptz as _valid_to from raw.nat_gateways union all by name select * from history.nat_gateways)

    union all

    select
        'application_gateways' as table_name,
        'operational_state' as state_kind,
        lower(operational_state) as state,
        id, _scope_id, _load_id, _loaded_at, _valid_to,
    from (select *, null::timestamptz as _valid_to from raw.application_gateways union all by name select * from history.application_gateways)

    union all

    select
        'scale_sets' as table_name,
        'capacity' as state_kind,
        capacity::varchar as state,
        id, _scope_id, _load_id, _loaded_at, _valid_to,
    from (select *, null::timestamptz as _valid_to from raw.scale_sets union all by name select * from history.scale_sets)

    union all

    select
        'graph_resources' as table_name,
        'state' as state_kind,
        lower(coalesce(
            properties ->> '$.powerState.code', properties ->> '$.state', properties ->> '$.status',
            properties ->> '$.connectionStatus', properties ->> '$.resourceState', properties ->> '$.properties.state'
        )) as state,
        id, _scope_id, _load_id, _loaded_at, _valid_to,
    from (select *, null::timestamptz as _valid_to from raw.graph_resources union all by name select * from history.graph_resources)
)

select
    lower(id) as resource_id,
    _scope_id as sub_account_id,
    table_name,
    state_kind,
    state,
    _load_id as load_id,
    _loaded_at as valid_from,
    _valid_to as valid_to,
from known
