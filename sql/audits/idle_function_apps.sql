-- Function apps of which no function has run.
-- title: Idle function apps
-- severity: low
-- category: usage
-- action: delete
-- saving: free
-- needs: metrics
-- population: staging.web_apps
-- fix: Ask the owner, then delete it with its storage account and its Application Insights, which are billed; a plan is billed for its machines, not for its apps.
-- source: not one execution over 28 days (PointFive hub: 30 days; FunctionExecutionCount of Azure Monitor's reference); apps on Flex Consumption count by other metrics, and those without a figure are not judged; stopped ones and workflows are left out
select
    resource_id,
    'No function of it has run in ' || measured_days || ' days.' as finding,
    unknown,
    spared,
    to_json({
        'executions': total,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'kind': kind,
        'plan': server_farm_id,
        'plan_tier': plan_tier,
        'modified_at': modified_at
    }) as evidence,
from marts.judged_by_use(source := 'staging.web_apps')
where
    resource_type = 'microsoft.web/sites'
    and kind like '%functionapp%'
    and not regexp_matches(kind, 'workflowapp|kubernetes|containerapps')
    and state = 'running'
    and coalesce(lower(plan_tier), '') <> 'flexconsumption'
    and (is_undecided or total < 1)
