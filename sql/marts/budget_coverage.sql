-- Which budgets count the charges of a day, so that overlaps and spend without a budget can be told.
-- grain: one row per UTC day, subscription, billing currency and set of budgets
-- stored: whole
-- source: a budget's tag filter looks at the tags of the usage record; for charges of the query, which have none, those
--   that the resource itself has now
-- columns:
--   charge_date: UTC day.
--   sub_account_id: Subscription, /subscriptions/<guid>; null for charges without one.
--   billing_currency: Currency of the cost.
--   budget_ids: Budgets that count these charges by scope and filter, whatever their period; sorted, empty when none does.
--   untold_budget_ids: Budgets of whose filter the charges' source or we cannot tell whether it holds.
--   billed_cost: What was charged.
with budgets as (
    select
        budget_id,
        scope_kind,
        scope_key,
        resource_group_name,
        clauses,
        needs_detail,
        parts_not_applied <> [] as is_untold,
    from marts.budget_periods
    where source = 'azure' and category = 'Cost' and scope_kind <> 'other'
),

ancestors as (
    select sub_account_id, list(management_group_id) as management_groups,
    from staging.subscription_ancestors
    group by sub_account_id
),

places as (
    select
        charged.*,
        ancestors.management_groups,
        coalesce(
            nullif(regexp_extract(lower(billing_account_id), 'billingaccounts/([^/]+)', 1), ''),
            lower(billing_account_id),
            nullif(regexp_extract(x_scope_id, 'billingaccounts/([^/]+)', 1), '')
        ) as account_key,
        coalesce(
            nullif(regexp_extract(lower(billing_account_id), 'billingprofiles/([^/]+)', 1), ''),
            regexp_extract(lower(x_billing_profile_id), '([^/]+)$', 1),
            nullif(regexp_extract(x_scope_id, 'billingprofiles/([^/]+)', 1), '')
        ) as profile_key,
        coalesce(
            regexp_extract(lower(x_invoice_section_id), '([^/]+)$', 1),
            nullif(regexp_extract(x_scope_id, 'invoicesections/([^/]+)', 1), '')
        ) as section_key,
    from (
        select distinct
            sub_account_id,
            x_resource_group_name,
            billing_account_id,
            x_billing_profile_id,
            x_invoice_section_id,
            x_scope_id,
        from marts.charges_as_of(null::timestamptz)
    ) as charged
    left join ancestors using (sub_account_id)
),

watched as (
    select
        places.sub_account_id,
        places.x_resource_group_name,
        places.billing_account_id,
        places.x_billing_profile_id,
        places.x_invoice_section_id,
        places.x_scope_id,
        list(budgets.budget_id) filter (where budgets.clauses is null) as whole_ids,
        list(budgets.budget_id) filter (where budgets.is_untold) as untold_ids,
        list({'budget_id': budgets.budget_id, 'clauses': budgets.clauses, 'needs_detail': budgets.needs_detail})
            filter (where budgets.clauses is not null and not budgets.is_untold) as filtered,
    from places
    inner join budgets
        on case budgets.scope_kind
            when 'subscription' then places.sub_account_id = budgets.scope_key
            when 'resource_group'
                then places.sub_account_id = budgets.scope_key and places.x_resource_group_name = budgets.resource_group_name
            when 'management_group' then list_contains(places.management_groups, budgets.scope_key)
            when 'billing_account' then places.account_key = budgets.scope_key
            when 'billing_profile' then places.profile_key = budgets.scope_key
            when 'invoice_section' then places.section_key = budgets.scope_key
        end
    group by all
),

tagged as (
    select
        tags.resource_id,
        list(filters.budget_id || ' ' || filters.part) as parts,
    from marts.budget_filters as filters
    inner join marts.resource_tags as tags
        on filters.compared = tags.tag_key and list_contains(filters.wanted, tags.tag_value)
    where filters.is_tag and tags.tag_origin = 'resource'
    group by tags.resource_id
),

judged as (
    select
        charges.charge_period_start as charge_date,
        charges.sub_account_id,
        charges.billing_currency,
        charges.billed_cost,
        charges.local_budget_ids,
        charges.untold_budget_ids,
        watched.whole_ids,
        watched.untold_ids,
        list_transform(
            list_filter(watched.filtered, lambda budget: budget.needs_detail and charges.x_source = 'query'),
            lambda budget: budget.budget_id
        ) as without_detail_ids,
        list_transform(
            list_filter(
                watched.filtered,
                lambda budget: not (budget.needs_detail and charges.x_source = 'query')
                and list_bool_and(
                    list_transform(
                        budget.clauses,
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
                                            when part.is_tag then list_contains(tagged.parts, budget.budget_id || ' ' || part.part)
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
                            )
                        )
                    )
                )
            ),
            lambda budget: budget.budget_id
        ) as filtered_ids,
    from marts.budget_charges as charges
    left join watched
        on charges.x_scope_id = watched.x_scope_id
        and charges.sub_account_id is not distinct from watched.sub_account_id
        and charges.x_resource_group_name is not distinct from watched.x_resource_group_name
        and charges.billing_account_id is not distinct from watched.billing_account_id
        and charges.x_billing_profile_id is not distinct from watched.x_billing_profile_id
        and charges.x_invoice_section_id is not distinct from watched.x_invoice_section_id
    left join tagged on charges.resource_id = tagged.resource_id
    where charges.billed_cost is not null
),

summed as (
    select * exclude (billed_cost), sum(billed_cost) as billed_cost,
    from judged
    group by all
)

select
    charge_date,
    sub_account_id,
    billing_currency,
    list_sort(flatten([local_budget_ids, coalesce(whole_ids, []), coalesce(filtered_ids, [])])) as budget_ids,
    list_sort(flatten([untold_budget_ids, coalesce(untold_ids, []), coalesce(without_detail_ids, [])])) as untold_budget_ids,
    sum(billed_cost) as billed_cost,
from summed
group by all
