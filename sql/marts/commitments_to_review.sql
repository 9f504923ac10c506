-- Reservations and savings plans that are running and need a decision: too little used, or about to end.
-- grain: one row per commitment and fault
-- source: Azure: utilization over 30 days, under 80 percent it needs attention; own rule: ends within 60 days, renew is off
-- columns:
--   resource_id: Id beneath its order, lower case.
--   commitment_type: reservation or savings_plan.
--   fault: underused or expiring.
--   finding: The fault in words.
--   resource_name: Name given by its owner.
--   sub_account_id: Subscription that pays for it, /subscriptions/<guid>.
--   evidence: JSON of what the fault rests on.
with faults as (
    select
        *,
        unnest([
            {
                'fault': 'underused',
                'is_there': utilization_30d < coalesce(getvariable('minimum_utilization'), 80),
                'finding': 'Used to ' || round(utilization_30d, 1)::decimal(9, 1) || ' percent over 30 days.',
                'evidence': to_json({'utilization_30d': utilization_30d, 'utilization_7d': utilization_7d, 'sku_name': sku_name}),
            },
            {
                'fault': 'expiring',
                'is_there': not coalesce(is_renewed, false)
                and days_left between 0 and coalesce(getvariable('expiry_days'), 60)::int,
                'finding': 'Ends within ' || coalesce(getvariable('expiry_days'), 60) || ' days, and is not renewed by itself.',
                'evidence': to_json({'expiry_date': expiry_date, 'sku_name': sku_name, 'term': term, 'utilization_30d': utilization_30d}),
            }
        ], recursive := true),
    from marts.listed_commitments
    where state = 'succeeded'
)

select
    commitment_id as resource_id,
    commitment_type,
    fault,
    finding,
    display_name as resource_name,
    sub_account_id,
    evidence,
from faults
where is_there
