-- What each budget's own filter asks for: clauses that must all hold, of each of which one part must be true.
-- grain: one row per part of a budget's filter
-- source: BudgetFilter of Microsoft.Consumption (and, or, dimensions, tags) and the older `filters` (resourceGroups,
--   resources, meters, tags); dimension values have no case, tag values have
-- columns:
--   budget_id: Full ARM id, lower case.
--   clause: Which clause of the filter the part stands in.
--   part: Number of the part within the filter.
--   part_name: Dimension or tag key as Azure writes it; the key itself where it is none we know.
--   is_tag: Whether it compares a tag.
--   compared: Column of marts.charges it compares (of a tag: the key in lower case); null when it cannot be applied.
--   wanted: Values as they are compared.
--   needs_detail: Whether a charge of the Cost Management query cannot tell it.
with filters as (
    select
        budget_id,
        filter::json as filter,
    from staging.budgets
    where coalesce(filter, '{}') <> '{}'
    qualify row_number() over (partition by budget_id order by listed_in = budget_scope_id desc, loaded_at desc) = 1
),

items as (
    select
        budget_id,
        '' as item,
        filter as content,
    from filters
    union all
    select
        budget_id,
        generate_subscripts(json_extract(filter, '$.and[*]'), 1)::varchar as item,
        unnest(json_extract(filter, '$.and[*]')) as content,
    from filters
),

keyed as (
    select
        budget_id,
        item,
        key,
        json_extract(content, '$."' || key || '"') as content,
    from (select *, unnest(json_keys(content)) as key from items)
    where item <> '' or key <> 'and'
),

choices as (
    select
        budget_id,
        item || key as clause,
        unnest(json_extract(content, '$[*]')) as choice,
    from keyed
    where key = 'or'
),

parts as (
    select
        budget_id,
        item || key as clause,
        key,
        content,
        null as tag_key,
    from keyed
    where key <> 'or' and json_type(content) <> 'NULL' and (key <> 'tags' or json_exists(content, '$.name'))
    union all
    select
        budget_id,
        item || key || tag_key as clause,
        key,
        json_extract(content, '$."' || tag_key || '"') as content,
        tag_key,
    from (
        select *, unnest(json_keys(content)) as tag_key
        from keyed
        where key = 'tags' and not json_exists(content, '$.name')
    )
    union all
    select
        budget_id,
        clause,
        case when len(json_keys(choice)) = 1 then json_keys(choice)[1] else 'or' end as key,
        json_extract(choice, '$."' || json_keys(choice)[1] || '"') as content,
        null as tag_key,
    from choices
),

read as (
    select
        budget_id,
        clause,
        row_number() over (partition by budget_id order by clause, key, content::varchar) as part,
        key = 'tags' as is_tag,
        case
            when tag_key is not null then tag_key
            when key in ('dimensions', 'tags') then content ->> '$.name'
            when lower(key) = 'resourcegroups' then 'ResourceGroupName'
            when lower(key) = 'resources' then 'ResourceId'
            when lower(key) = 'meters' then 'MeterId'
        end as name,
        key,
        coalesce(content ->> '$.operator', 'In') as operator,
        case when json_type(content) = 'ARRAY' then content else json_extract(content, '$.values') end::varchar[] as given,
    from parts
    where json_type(content) <> 'ARRAY' or json_array_length(content) > 0
),

named as (
    select
        *,
        case when lower(operator) = 'in' and given is not null then
            case when is_tag then lower(name) else
                case lower(name)
                    when 'resourcegroupname' then 'x_resource_group_name'
                    when 'resourcegroup' then 'x_resource_group_name'
                    when 'resourceid' then 'resource_id'
                    when 'resourcetype' then 'resource_type'
                    when 'resourcelocation' then 'region_id'
                    when 'subscriptionid' then 'sub_account_id'
                    when 'servicename' then 'service_name'
                    when 'metercategory' then 'x_meter_category'
                    when 'metersubcategory' then 'x_meter_subcategory'
                    when 'meter' then 'sku_meter'
                    when 'meterid' then 'x_meter_id'
                    when 'resourceguid' then 'x_meter_id'
                    when 'chargetype' then 'x_charge_type'
                    when 'publishertype' then 'x_publisher_type'
                    when 'pricingmodel' then 'x_pricing_model'
                    when 'frequency' then 'charge_frequency'
                end
            end
        end as compared,
    from read
)

select
    budget_id,
    clause,
    part,
    coalesce(name, key) as part_name,
    is_tag,
    compared,
    case
        when is_tag then given
        when compared = 'region_id' then list_transform(given, lambda value: replace(lower(value), ' ', ''))
        when compared = 'sub_account_id'
            then list_transform(given, lambda value: '/subscriptions/' || regexp_extract(lower(value), '[^/]+$'))
        when compared = 'resource_id' then list_transform(given, lambda value: '/' || ltrim(lower(value), '/'))
        else list_transform(given, lambda value: lower(value))
    end as wanted,
    coalesce(
        not is_tag
        and compared not in (
            'x_resource_group_name', 'resource_id', 'resource_type', 'region_id', 'sub_account_id', 'service_name'
        ),
        false
    ) as needs_detail,
from named
