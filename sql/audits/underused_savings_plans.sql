-- Savings plans of which less than four fifths are used cost more than they save.
-- title: Underused savings plans
-- severity: medium
-- category: rate
-- action: review
-- saving: at_stake
-- population: staging.savings_plans
-- fix: Move usage under it; a savings plan cannot be returned.
-- source: Azure: utilization over 30 days; under 80 percent it needs attention
select
    savings_plans.savings_plan_id as resource_id,
    'Used to ' || round(savings_plans.utilization_30d, 1)::decimal(9, 1) || ' percent over 30 days.' as finding,
    true as is_of_the_bill,
    savings_plans.display_name as resource_name,
    savings_plans.sub_account_id,
    to_json({'utilization_30d': savings_plans.utilization_30d, 'utilization_7d': savings_plans.utilization_7d, 'sku_name': savings_plans.sku_name}) as evidence,
from staging.savings_plans as savings_plans
where savings_plans.state = 'succeeded' and savings_plans.utilization_30d < coalesce(getvariable('minimum_utilization'), 80)
