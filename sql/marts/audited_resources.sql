-- What every check needs to know of a resource: whether its listing was complete, why it is spared, and what it costs.
-- grain: one row per virtual machine, managed disk and public IP address
-- source: guards that hold for every check: listings that are cut short, groups that another resource manages, youth
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   x_resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   region_id: Region, such as westeurope.
--   created_at: Instant of creation (UTC), where Azure tells it.
--   is_complete: Whether the listing it comes from held all there was; a finding may rest on absence only then.
--   spared_because: Why no check may call it waste, in one sentence; null when none of the common guards holds.
--   monthly_saving: Its own billed cost of its last 30 complete days; null when it has no charge.
--   billing_currency: Currency of monthly_saving.
--   saving_source: billed_cost_last_30_days, or not_priced.
--   currency_count: Currencies it is billed in; only the largest amount is given.
--   window_start_date: First of the 30 days (UTC).
--   window_end_date: Last of the 30 days (UTC).
--   loaded_at: Instant of the listing (UTC).
with listed as (
    select
        'virtual_machines' as table_name,
        resource_id,
        sub_account_id,
        resource_group_name,
        resource_name,
        location,
        created_at,
        loaded_at,
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
        loaded_at,
    from staging.disks
    union all
    select
        'public_ips' as table_name,
        ips.resource_id,
        ips.sub_account_id,
        ips.resource_group_name,
        ips.resource_name,
        ips.location,
        resources.created_at,
        ips.loaded_at,
    from staging.public_ips as ips
    left join staging.resources as resources using (resource_id)
)

select
    listed.resource_id,
    listed.sub_account_id,
    listed.resource_group_name as x_resource_group_name,
    listed.resource_name,
    listed.location as region_id,
    listed.created_at,
    coalesce(listings.is_complete, false) as is_complete,
    case
        when groups.managed_by is not null then 'Its resource group is managed by another resource.'
        when listed.resource_group_name like 'mc\_%' escape '\'
            then 'Lies in the node group of an AKS cluster: the cluster manages it.'
        when listed.created_at > listed.loaded_at - to_days(coalesce(getvariable('minimum_age_days'), 3)::int)
            then 'Created less than ' || coalesce(getvariable('minimum_age_days'), 3) || ' days ago.'
    end as spared_because,
    savings.monthly_saving,
    savings.billing_currency,
    case when savings.monthly_saving is null then 'not_priced' else 'billed_cost_last_30_days' end as saving_source,
    savings.currency_count,
    savings.window_start_date,
    savings.window_end_date,
    listed.loaded_at,
from listed
left join staging.resource_groups as groups using (sub_account_id, resource_group_name)
left join meta.scopes as listings
    on listed.table_name = listings.table_name and listed.sub_account_id = listings.scope_id
left join marts.resource_savings as savings using (resource_id)
