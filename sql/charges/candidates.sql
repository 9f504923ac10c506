-- Which source and scope counts for each subscription and month where several hold its charges, and why.
-- grain: one row per source, scope, month and subscription (or billing account, for charges without a subscription)
-- stored: billing_month
-- remembers: x_loaded_at
-- source: a charge counts once. In this order: sources of the whole subscription before its resource groups; one loaded more than 3 days before another, in a month that was not closed, gives way; then the richest (focus, cost_details, cost_export, usage_details, query), the widest scope, the newest load, the name. Where there are only resource groups, each counts once.
-- columns:
--   account_id: Subscription as marts.charges has it, else the billing account as the source writes it; empty when it names none.
--   is_counted: Whether these charges are in marts.charges.
--   is_stale: Whether they were loaded (or confirmed) more than 3 days before another source, in a month that was not closed.
--   counted_source: The source that counts.
--   counted_scope_id: Its scope.
--   reason: Why it does.
--   x_loaded_at: Instant since which this is so (UTC).
with held as (
    select x_source, x_scope_id, billing_month, sub_account_id, billing_account_id, max(x_loaded_at) as x_loaded_at
    from charges.from_focus
    where x_valid_to is null
    group by all
    union all
    select x_source, x_scope_id, billing_month, sub_account_id, billing_account_id, max(x_loaded_at) as x_loaded_at
    from charges.from_details
    group by all
    union all
    select x_source, x_scope_id, billing_month, sub_account_id, null as billing_account_id, max(x_loaded_at) as x_loaded_at
    from charges.from_query
    group by all
),

scoped as (
    select
        *,
        regexp_replace(x_scope_id, '/providers/microsoft\.costmanagement/exports/.*$', '') as asked_scope,
        case x_source
            when 'focus' then 5 when 'cost_details' then 4 when 'cost_export' then 3 when 'usage_details' then 2 else 1
        end as richness,
        case
            when asked_scope like '/subscriptions/%/resourcegroups/%' then 0
            when asked_scope like '/subscriptions/%' then 2
            when asked_scope like '/providers/microsoft.management/managementgroups/%' then 3
            when asked_scope like '/providers/microsoft.billing/billingaccounts/%/%' then 4
            when asked_scope like '/providers/microsoft.billing/billingaccounts/%' then 5
            else 1
        end as width,
        coalesce(
            nullif(regexp_extract(asked_scope, 'billingaccounts/([^/]+)', 1), ''),
            nullif(regexp_extract(lower(billing_account_id), 'billingaccounts/([^/]+)', 1), ''),
            lower(billing_account_id),
            x_scope_id
        ) as billing_account,
    from held
),

contests as (
    select *, sub_account_id as contest, sub_account_id as account_id, true as has_charges
    from scoped
    where sub_account_id is not null
    union all
    select
        *,
        billing_account as contest,
        coalesce(billing_account_id, '') as account_id,
        sub_account_id is null as has_charges,
    from scoped
    where sub_account_id is null or width in (1, 3, 4, 5)
),

entrants as (
    select
        contests.x_source,
        contests.x_scope_id,
        contests.billing_month,
        contests.contest,
        contests.account_id,
        contests.richness,
        contests.width,
        contests.width = 0 as is_group,
        max(ages.load_at) as load_at,
        bool_or(contests.has_charges) as has_charges,
        max(contests.x_loaded_at) as x_loaded_at,
    from contests
    left join meta.cost_ages as ages using (x_source, x_scope_id, billing_month)
    group by all
),

judged as (
    select
        *,
        bool_or(not is_group) over contest_of as has_whole,
        count(*) over contest_of as entrant_count,
        load_at < (billing_month + interval 1 month + interval 5 day) at time zone 'UTC'
        and max(load_at) over contest_of - load_at > interval 3 day as is_stale,
        max(x_loaded_at) over contest_of as known_at,
    from entrants
    window contest_of as (partition by contest, billing_month)
),

ranked as (
    select
        *,
        dense_rank() over ranks as place, -- entrants of one scope that name the account differently rank alike
        first_value(x_source) over ranks as counted_source,
        first_value(x_scope_id) over ranks as counted_scope_id,
        first_value(richness) over ranks as counted_richness,
        first_value(width) over ranks as counted_width,
        first_value(is_stale) over ranks as counted_stale,
    from judged
    window ranks as (
        partition by contest, billing_month, case when has_whole then '' else x_scope_id end
        order by is_group, is_stale, richness desc, width desc, load_at desc nulls last, x_scope_id
    )
)

select
    x_source,
    x_scope_id,
    billing_month,
    account_id,
    bool_or(place = 1) as is_counted,
    bool_or(is_stale) as is_stale,
    min(counted_source) as counted_source,
    min(counted_scope_id) as counted_scope_id,
    min(
        case
            when place = 1 and is_group then 'each resource group counts once, as no source has the whole subscription'
            when place = 1 and entrant_count = 1 then 'the only source'
            when place = 1 then 'the first by completeness, age, richness and width'
            when is_group and counted_width > 0 then 'that has the whole subscription'
            when is_stale and not counted_stale then 'that was loaded more than 3 days later'
            when richness < counted_richness then 'that tells more of each charge'
            when width < counted_width then 'that has the wider scope'
            else 'that was loaded last'
        end
    ) as reason,
    max(known_at) as x_loaded_at,
from ranked
where has_charges
group by x_source, x_scope_id, billing_month, account_id
