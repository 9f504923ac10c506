-- What every check needs to know of a resource: where it is listed, how old it is, and whether somebody holds it.
-- grain: one row per resource of any listing, and per resource group
-- stored: whole
-- source: guards that hold for every check: groups that another resource manages, nodes of clusters, locks
-- columns:
--   resource_id: Full ARM id, lower case.
--   table_name: Raw table it is listed in.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   x_resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   region_id: Region, such as westeurope.
--   created_at: Instant of creation (UTC), where Azure tells it.
--   tags: JSON object of its own tags.
--   held_by: Why no check may call it waste, in one sentence: its group is managed, or a lock holds it; null otherwise.
with typed as (
    select
        'virtual_machines' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        created_at,
        tags,
    from staging.virtual_machines
    union all
    select
        'disks' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        created_at,
        tags,
    from staging.disks
    union all
    select
        'snapshots' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        created_at,
        tags,
    from staging.snapshots
    union all
    select
        'images' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        created_at,
        tags,
    from staging.images
    union all
    select
        'scale_sets' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        created_at,
        tags,
    from staging.scale_sets
    union all
    select
        'public_ips' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.public_ips
    union all
    select
        'public_ip_prefixes' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.public_ip_prefixes
    union all
    select
        'network_interfaces' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.network_interfaces
    union all
    select
        'network_security_groups' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.network_security_groups
    union all
    select
        'route_tables' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.route_tables
    union all
    select
        'load_balancers' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.load_balancers
    union all
    select
        'application_gateways' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.application_gateways
    union all
    select
        'nat_gateways' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.nat_gateways
    union all
    select
        'virtual_networks' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.virtual_networks
    union all
    select
        'private_endpoints' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.private_endpoints
    union all
    select
        'firewalls' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.firewalls
    union all
    select
        'bastions' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.bastions
    union all
    select
        'ddos_plans' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.ddos_plans
    union all
    select
        'express_route_circuits' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.express_route_circuits
    union all
    select
        'graph_resources' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.graph_resources
    union all
    select
        'resource_groups' as table_name,
        resource_group_id as resource_id,
        sub_account_id,
        resource_group_name,
        resource_group_name as resource_name,
        location,
        null::timestamptz as created_at,
        tags,
    from staging.resource_groups
),

listed as (
    select
        typed.* replace (coalesce(typed.created_at, resources.created_at) as created_at),
    from typed
    left join staging.resources as resources on typed.resource_id = resources.resource_id
    union all
    select
        'resources' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        created_at,
        tags,
    from staging.resources
    anti join typed using (resource_id)
),

nodes as (
    select distinct sub_account_id, node_resource_group_name as resource_group_name
    from staging.kubernetes_clusters
    where node_resource_group_name is not null
),

held as (
    select locked_id, arg_min(lock_name, lock_id) as lock_name
    from staging.locks
    group by locked_id
)

select
    listed.resource_id,
    listed.table_name,
    listed.sub_account_id,
    listed.resource_group_name as x_resource_group_name,
    listed.resource_name,
    listed.location as region_id,
    listed.created_at,
    listed.tags,
    case
        when groups.managed_by is not null then 'Its resource group is managed by another resource.'
        when nodes.resource_group_name is not null or listed.resource_group_name like 'mc\_%' escape '\'
            then 'Lies in the node group of an AKS cluster: the cluster manages it.'
        when coalesce(own.lock_name, of_group.lock_name, of_account.lock_name) is not null
            then 'Held by the lock ' || coalesce(own.lock_name, of_group.lock_name, of_account.lock_name) || '.'
    end as held_by,
from listed
left join staging.resource_groups as groups using (sub_account_id, resource_group_name)
left join nodes using (sub_account_id, resource_group_name)
left join held as own on listed.resource_id = own.locked_id
left join held as of_group
    on listed.sub_account_id || '/resourcegroups/' || listed.resource_group_name = of_group.locked_id
left join held as of_account on listed.sub_account_id = of_account.locked_id
