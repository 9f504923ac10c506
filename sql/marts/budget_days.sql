-- What each budget counts of our own charges, by day: its scope and its filter, applied to charges.
-- grain: one row per budget, UTC day and billing currency
-- source: a budget's tag filter looks at the tags of the usage record; for charges of the query, which have none, those
--   that the resource itself has now
-- parameters:
--   first_date: First day (UTC), such as date '2026-05-01'; earlier ones only as far as the running period reaches back.
-- example: marts.budget_days(date '2026-11-01')
-- columns:
--   budget_id: Full ARM id, lower case.
--   charge_date: UTC day.
--   billing_currency: Currency of the cost.
--   billed_cost: What was charged.
--   is_told: False where a charge's source cannot tell what the filter asks for, so that the sum says nothing.
with periods as materialized (  -- it is read four times
    select * from marts.budget_periods
),

members as (
    select
        budget_id,
        sub_account_id,
    from periods
    where sub_account_id is not null
    union all
    select
        budgets.budget_id,
        ancestors.sub_account_id,
    from periods as budgets
    inner join staging.subscription_ancestors as ancestors
        on budgets.budget_scope_id = '/providers/microsoft.management/managementgroups/' || ancestors.management_group_id
),

budgets as (
    select
        budgets.*,
        members.sub_account_id as member_id,
        least(budgets.period_start_date, first_date) as history_start_date,
    from periods as budgets
    inner join members using (budget_id)
    where budgets.category = 'Cost' and budgets.parts_not_applied = []
),

tagged as (
    select
        filters.budget_id,
        tags.resource_id,
        list(filters.part) as parts,
    from marts.budget_filters as filters
    inner join marts.resource_tags as tags
        on filters.compared = tags.tag_key and list_contains(filters.wanted, tags.tag_value)
    where filters.is_tag and tags.tag_origin = 'resource'
    group by filters.budget_id, tags.resource_id
)

select
    budgets.budget_id,
    charges.charge_period_start as charge_date,
    charges.billing_currency,
    sum(charges.billed_cost) as billed_cost,
    not bool_or(budgets.needs_detail and charges.x_source = 'query') as is_told,
from budgets
inner join marts.charges as charges
    on budgets.member_id = charges.sub_account_id
    and charges.charge_period_start between budgets.history_start_date and budgets.period_end_date
left join tagged on budgets.budget_id = tagged.budget_id and charges.resource_id = tagged.resource_id
where
    (budgets.resource_group_name is null or budgets.resource_group_name = charges.x_resource_group_name)
    and charges.charge_period_start >= (select min(least(period_start_date, first_date)) from periods)
    and (
        budgets.clauses is null
        or list_bool_and(
            list_transform(
                budgets.clauses,
                lambda clause: list_bool_or(
                    list_transform(
                        clause,
                        lambda part: coalesce(
                            case
                                when part.is_tag and charges.x_source <> 'query' then list_contains(
                                    part.wanted,
                                    charges.tags::json ->> (
                                        '$."'
                                        || list_filter(
                                            json_keys(charges.tags), lambda key: lower(key) = part.compared
                                        )[1]
                                        || '"'
                                    )
                                )
                                when part.is_tag then list_contains(tagged.parts, part.part)
                                else list_contains(
                                    part.wanted,
                                    lower(
                                        case part.compared
                                            when 'x_resource_group_name' then charges.x_resource_group_name
                                            when 'resource_id' then charges.resource_id
                                            when 'resource_type' then charges.resource_type
                                            when 'region_id' then charges.region_id
                                            when 'sub_account_id' then charges.sub_account_id
                                            when 'service_name' then charges.service_name
                                            when 'x_meter_category' then charges.x_meter_category
                                            when 'x_meter_subcategory' then charges.x_meter_subcategory
                                            when 'sku_meter' then charges.sku_meter
                                            when 'x_meter_id' then charges.x_meter_id
                                            when 'x_charge_type' then charges.x_charge_type
                                            when 'x_publisher_type' then charges.x_publisher_type
                                            when 'x_pricing_model' then charges.x_pricing_model
                                            when 'charge_frequency' then charges.charge_frequency
                                        end
                                    )
                                )
                            end,
                            false
                        )
                        or (budgets.needs_detail and charges.x_source = 'query')
                    )
                )
            )
        )
    )
group by budgets.budget_id, charges.charge_period_start, charges.billing_currency
