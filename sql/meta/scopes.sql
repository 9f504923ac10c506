-- How well each raw table of each scope could be read: the standing of its newest month, or of its one listing.
-- grain: one row per raw table and scope
-- columns:
--   table_name: Raw table.
--   scope_id: Scope that was asked; / for the whole sign-in.
--   outcome: Worst outcome of the latest attempts at the newest month (or listing); for files of bills also at their place as a whole.
--   reason: Why something is missing; null when nothing is.
--   next_step: What to do about it.
--   last_attempt_at: Instant of the latest attempt (UTC).
--   last_success_at: Instant since which the rows of the newest month (or listing) are known (UTC); null when they are not.
--   is_complete: Whether those rows are all there was; a finding may rest on absence only then.
--   first_month: Oldest month in the lake; null for tables that are loaded whole.
--   last_month: Newest month in the lake.
--   missing_chunks: Pieces asked for, of any month, that are not in the lake.
--   row_count: Rows in the lake.
--   is_asked: Whether it is asked for now; a source of cost that gave way to another one is not, and misses nothing.
--   source_reason: Why this source of cost was chosen for the scope, or why Azure is not asked beside an export; null for other tables.
--   counted: For sources of cost: counted (all its charges are in marts.charges), partly, or overlapped (another source or scope counts instead); null without charges.
--   overlapped_by: What counts instead, and why; null when all is counted.
--   not_given: What this source cannot tell of the scope; those columns are null.
with ranked as (
    select
        *,
        month is not distinct from max(month) over (partition by table_name, scope_id) as is_newest,
        is_newest or month is null as is_telling, -- without a month: a place of files that could not be read
        case last_outcome
            when 'loaded' then 0 when 'partial' then 1 when 'throttled' then 2
            when 'failed' then 3 when 'unsupported' then 4 else 5
        end as badness,
    from meta.chunks
),

standing as (
    select
        table_name,
        scope_id,
        arg_max(last_outcome, badness) filter (where is_telling) as outcome,
        nullif(arg_max(last_reason, badness) filter (where is_telling), '') as reason,
        nullif(arg_max(last_next_step, badness) filter (where is_telling), '') as next_step,
        max(last_attempt_at) as last_attempt_at,
        case
            when bool_and(last_success_at is not null) filter (where is_newest)
                then min(last_success_at) filter (where is_newest)
        end as last_success_at,
        bool_and(is_complete) filter (where is_newest) as is_complete,
        min(month) filter (where last_success_at is not null) as first_month,
        max(month) filter (where last_success_at is not null) as last_month,
        count(*) filter (where last_success_at is null) as missing_chunks,
        sum(row_count)::bigint as row_count,
    from ranked
    group by table_name, scope_id
),

counted as (
    select
        case x_source when 'focus' then 'focus_charges' when 'cost_export' then 'cost_exports' when 'query' then 'cost_daily' else x_source end as table_name,
        x_scope_id as scope_id,
        case when bool_and(is_counted) then 'counted' when bool_or(is_counted) then 'partly' else 'overlapped' end as counted,
        string_agg(distinct counted_source || ' of ' || counted_scope_id || ', ' || reason, '; ') filter (where not is_counted) as overlapped_by,
    from charges.candidates
    group by all
),

covering as (
    select
        case candidates.x_source when 'focus' then 'focus_charges' else 'cost_exports' end as table_name,
        candidates.x_scope_id as scope_id,
        'Azure is not asked for ' || count(distinct choices.scope_id) || ' of its subscriptions: ' || min(choices.reason) as covering_reason,
    from charges.candidates as candidates
    inner join meta.cost_sources as choices
        on candidates.account_id = choices.scope_id and list_contains(choices.covered_months, candidates.billing_month)
    where candidates.is_counted and candidates.x_source in ('focus', 'cost_export')
    group by all
)

select
    standing.*,
    choices.scope_id is null or list_contains(choices.tables, standing.table_name) as is_asked,
    coalesce(choices.reason, covering.covering_reason) as source_reason,
    counted.counted,
    counted.overlapped_by,
    choices.not_given,
from standing
left join counted using (table_name, scope_id)
left join covering using (table_name, scope_id)
left join meta.cost_sources as choices
    on standing.scope_id = choices.scope_id
    and standing.table_name in ('cost_daily', 'cost_resource_locations', 'cost_details', 'usage_details')
