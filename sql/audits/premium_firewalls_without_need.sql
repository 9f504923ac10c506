-- A Premium firewall costs 40 percent more than a Standard one for inspection that its policy does not switch on.
-- title: Premium firewalls that inspect nothing
-- severity: medium
-- category: rate
-- action: change
-- saving: at_stake
-- population: staging.firewalls
-- fix: Change the tier to Standard, if no rule asks for Premium.
-- source: FinOps toolkit best practices
select
    firewalls.resource_id,
    'Premium, while its policy inspects neither intrusions nor TLS.' as finding,
    case when policies.resource_id is null then 'Its policy could not be read.' end as unknown,
    case when firewalls.is_allocated then null else 'A deallocated firewall is not billed.' end as spared,
    to_json({
        'firewall_policy_id': firewalls.firewall_policy_id,
        'intrusion_detection': policies.intrusion_detection,
        'has_tls_inspection': policies.has_tls_inspection
    }) as evidence,
from staging.firewalls as firewalls
left join staging.firewall_policies as policies on firewalls.firewall_policy_id = policies.resource_id
where
    firewalls.sku_tier = 'premium'
    and firewalls.firewall_policy_id is not null
    and coalesce(policies.intrusion_detection, 'off') = 'off'
    and not coalesce(policies.has_tls_inspection, false)
    and policies.base_policy_id is null
