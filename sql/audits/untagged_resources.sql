-- Cost of resources without any tag, own or of their group, can be given to nobody.
-- title: Untagged resources with cost
-- severity: low
-- category: governance
-- action: review
-- saving: at_stake
-- population: staging.resources
-- fix: Tag the group or the resource, and let a policy inherit the tags.
-- source: FinOps Framework: allocation; azure-docs 103507: some types cannot carry tags
select
    resources.resource_id,
    'Neither it nor its group has a tag.' as finding,
    case when costs.monthly_saving < coalesce(getvariable('untagged_cost'), 10) then 'Costs less than ' || coalesce(getvariable('untagged_cost'), 10) || ' a month.' end as spared,
    to_json({'resource_type': resources.resource_type}) as evidence,
from staging.resources as resources
left join staging.resource_groups as groups using (sub_account_id, resource_group_name)
inner join marts.resource_savings as costs on resources.resource_id = costs.resource_id
where coalesce(resources.tags, '{}') = '{}' and coalesce(groups.tags, '{}') = '{}' and costs.monthly_saving > 0
