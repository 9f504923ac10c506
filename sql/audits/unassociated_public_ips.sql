-- Public IP addresses that nothing uses are billed by the hour.
-- title: Unassociated public IP addresses
-- severity: medium
-- category: usage
-- population: staging.public_ips
-- fix: Delete the address, unless it is reserved on purpose (allow-lists, DNS).
-- source: azure-orphan-resources and FinOps toolkit rules; guards from their issue threads (NAT gateways, prefixes, migrations)
with candidates as (
    select
        *,
        case
            when public_ip_prefix_id is not null then 'Taken from a prefix, which is billed as a whole.'
            when linked_public_ip_id is not null or service_public_ip_id is not null
                then 'Part of a migration between two addresses.'
            when allocation_method = 'dynamic' and coalesce(sku_name, 'basic') = 'basic'
                then 'A dynamic Basic address that is not in use has no charge.'
        end as guard,
    from staging.public_ips
    where ip_configuration_id is null and nat_gateway_id is null
)

select
    audited.resource_id,
    audited.sub_account_id,
    audited.x_resource_group_name,
    audited.resource_name,
    audited.region_id,
    case
        when not audited.is_complete then 'undetermined'
        when coalesce(candidates.guard, audited.spared_because) is not null then 'not_applicable'
        else 'waste'
    end as verdict,
    case
        when not audited.is_complete then 'The listing of public IP addresses is not complete.'
        else coalesce(candidates.guard, audited.spared_because, 'Nothing uses this address.')
    end as reason,
    null::timestamptz as since_at,
    true as is_since_lower_bound,
    audited.monthly_saving,
    audited.billing_currency,
    audited.saving_source,
    case when audited.monthly_saving is not null then 'medium' end as saving_confidence,
    to_json({
        'sku_name': candidates.sku_name,
        'allocation_method': candidates.allocation_method,
        'ip_address': candidates.ip_address,
        'dns_label': candidates.dns_label,
        'created_at': audited.created_at,
        'window_start_date': audited.window_start_date,
        'window_end_date': audited.window_end_date,
        'currency_count': audited.currency_count
    })::varchar as evidence,
from candidates
inner join marts.audited_resources as audited using (resource_id)
