-- What every check shares: the guards, the money and the shape of a finding. Each check's file only says which resources it
-- means (the relation candidates, one row per resource and finding); this gives its verdict.
-- refreshes: staging.resources, staging.resource_groups, staging.locks, staging.kubernetes_clusters, marts.resource_savings
with given as (
    from candidates
    union all by name
    select
        null::varchar as resource_id,
        null::varchar as finding,
        null::varchar as unknown,
        null::varchar as spared,
        null::timestamptz as since_at,
        null::varchar as state_kind,
        null::decimal(38, 24) as given_saving,
        null::varchar as given_currency,
        null::varchar as unpriced,
        null::varchar as saving_part,
        null::varchar as saved_resource_id,
        null::json as evidence,
        null::boolean as is_of_the_bill,
        null::varchar as sub_account_id,
        null::varchar as resource_name,
        null::varchar as region_id,
    where false
),

priced as (
    select
        given.*,
        audited.table_name,
        audited.x_resource_group_name,
        audited.created_at,
        audited.tags,
        case
            when audited.held_by is not null then audited.held_by
            when audited.created_at > listings.last_success_at - to_days(coalesce(getvariable('minimum_age_days'), 3)::int)
                then 'Created less than ' || coalesce(getvariable('minimum_age_days'), 3) || ' days ago.'
        end as spared_because,
        savings.window_start_date,
        savings.window_end_date,
        savings.currency_count,
        savings.monthly_saving as resource_cost,
        coalesce(audited.sub_account_id, given.sub_account_id) as of_account,
        coalesce(audited.resource_name, given.resource_name) as of_name,
        coalesce(audited.region_id, given.region_id) as of_region,
        coalesce(listings.is_complete, given.is_of_the_bill, false) as is_known,
        case given.saving_rule
            when 'own' then coalesce(savings.monthly_saving, prices.monthly_price)
            when 'given' then given.given_saving
        end as monthly_saving,
        case
            when given.saving_rule = 'given' then given.given_currency
            when given.saving_rule <> 'own' then null
            when savings.monthly_saving is not null then savings.billing_currency
            when prices.monthly_price is not null then prices.billing_currency
        end as billing_currency,
        case when given.saving_rule = 'own' and savings.monthly_saving is null then prices.price_source end as price_source,
        prices.price_confidence,
        prices.price_parts::json as price_parts,
        case
            when given.saving_rule = 'own' and savings.monthly_saving is null and prices.monthly_price is null
                then coalesce(prices.not_priced_because, 'No charge names it, and what its SKU costs is not known.')
            when given.saving_rule = 'given' and given.given_saving is null
                then coalesce(given.unpriced, 'No charge of the last 30 complete days is known to be for this part of its bill.')
        end as not_priced_because,
        coalesce(given.since_at, states.valid_from) as known_since,
        given.since_at is null and coalesce(states.is_from_lower_bound, true) as is_since_lower_bound,
    from given
    left join marts.audited_resources as audited on given.resource_id = audited.resource_id
    left join marts.resource_savings as savings on given.resource_id = savings.resource_id
    left join marts.resource_prices as prices on given.resource_id = prices.resource_id
    left join marts.resource_since as states
        on given.resource_id = states.resource_id and given.state_kind = states.state_kind
    left join meta.chunks as listings
        on audited.table_name = listings.table_name and audited.sub_account_id = listings.scope_id
    where audited.resource_id is not null or given.is_of_the_bill
)

select
    check_name,
    severity,
    category,
    action,
    resource_id,
    of_account as sub_account_id,
    x_resource_group_name,
    of_name as resource_name,
    of_region as region_id,
    case
        when not is_known or unknown is not null then 'undetermined'
        when coalesce(spared, spared_because) is not null then 'not_applicable'
        else 'waste'
    end as verdict,
    case
        when not is_known then 'The listing of ' || replace(table_name, '_', ' ') || ' is not complete.'
        else coalesce(unknown, spared, spared_because, finding)
    end as reason,
    known_since as since_at,
    is_since_lower_bound,
    monthly_saving,
    billing_currency,
    case
        when saving_rule in ('free', 'at_stake') then saving_rule
        when monthly_saving is null then 'not_priced'
        when saving_rule = 'given' then saving_from
        when price_source is not null then price_source
        else 'billed_cost_last_30_days'
    end as saving_source,
    case
        when monthly_saving is null then null
        when price_source is not null and confidence is distinct from 'low' then price_confidence
        when confidence is not null then confidence
        when known_since <= window_start_date::timestamp at time zone 'UTC' then 'high'
        else 'medium'
    end as saving_confidence,
    json_merge_patch(
        coalesce(evidence, '{}'::json),
        to_json({
            'created_at': created_at,
            'window_start_date': window_start_date,
            'window_end_date': window_end_date,
            'currency_count': currency_count,
            'price_parts': case when price_source is not null then price_parts end,
            'not_priced_because': not_priced_because,
            'cost_of_the_window': case when saving_rule = 'at_stake' and is_of_the_bill is null then resource_cost end
        })
    )::varchar as evidence,
    coalesce(saved_resource_id, resource_id) as saved_resource_id,
    saving_part,
    tags,
from priced
