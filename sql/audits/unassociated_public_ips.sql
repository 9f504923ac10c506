-- Public IP addresses that nothing uses are billed by the hour.
-- title: Unassociated public IP addresses
-- severity: medium
-- category: usage
-- population: staging.public_ips
-- fix: Delete the address, unless it is reserved on purpose (allow-lists, DNS).
-- source: azure-orphan-resources and FinOps toolkit rules; guards from their issue threads (NAT gateways, prefixes, migrations)
with listings as (
    select
        scope_id as sub_account_id,
        is_complete,
    from meta.scopes
    where table_name = 'public_ips'
),

candidates as (
    select
        ips.*,
        groups.managed_by as group_managed_by,
        resources.created_at,
        coalesce(listings.is_complete, false) as is_complete,
    from staging.public_ips as ips
    left join staging.resource_groups as groups using (sub_account_id, resource_group_name)
    left join staging.resources as resources using (resource_id)
    left join listings on ips.sub_account_id = listings.sub_account_id
    where ips.ip_configuration_id is null and ips.nat_gateway_id is null
),

judged as (
    select
        *,
        case
            when public_ip_prefix_id is not null then 'Taken from a prefix, which is billed as a whole.'
            when linked_public_ip_id is not null or service_public_ip_id is not null then 'Part of a migration between two addresses.'
            when allocation_method = 'dynamic' and coalesce(sku_name, 'basic') = 'basic'
                then 'A dynamic Basic address that is not in use has no charge.'
            when group_managed_by is not null then 'Its resource group is managed by another resource.'
            when resource_group_name like 'mc\_%' escape '\' then 'Lies in the node group of an AKS cluster: the cluster manages it.'
            when created_at > loaded_at - to_days(coalesce(getvariable('minimum_age_days'), 3)::int)
                then 'Created less than ' || coalesce(getvariable('minimum_age_days'), 3) || ' days ago.'
        end as guard,
    from candidates
)

select
    judged.resource_id,
    judged.sub_account_id,
    judged.resource_group_name as x_resource_group_name,
    judged.resource_name,
    judged.location as region_id,
    case
        when not judged.is_complete then 'undetermined'
        when judged.guard is not null then 'not_applicable'
        else 'waste'
    end as verdict,
    case
        when not judged.is_complete then 'The listing of public IP addresses is not complete.'
        else coalesce(judged.guard, 'Nothing uses this address.')
    end as reason,
    null::timestamptz as since_at,
    true as is_since_lower_bound,
    savings.monthly_saving,
    savings.billing_currency,
    case when savings.monthly_saving is null then 'not_priced' else 'billed_cost_last_30_days' end as saving_source,
    case when savings.monthly_saving is not null then 'medium' end as saving_confidence,
    to_json({
        'sku_name': judged.sku_name,
        'allocation_method': judged.allocation_method,
        'ip_address': judged.ip_address,
        'dns_label': judged.dns_label,
        'created_at': judged.created_at,
        'window_start_date': savings.window_start_date,
        'window_end_date': savings.window_end_date,
        'currency_count': savings.currency_count
    })::varchar as evidence,
from judged
left join marts.resource_savings as savings using (resource_id)
