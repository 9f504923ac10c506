-- Since when each resource is, or was, in a state: running or deallocated, attached or not, used or not.
-- A change of anything else (a tag, a size) does not begin a new interval.
-- grain: one row per resource, kind of state and interval
-- columns:
--   table_name: Raw table it comes from.
--   valid_from: Instant since which the state held, as far as the lake knows (UTC).
--   valid_to: Instant from which it no longer held (UTC); null for the state that holds now.
--   is_from_lower_bound: Whether the state may be older, because the lake's memory begins there: say "at least".
--   is_first_known: Whether no state of the resource before it is known.
--   is_current: Whether the state holds now.
with remembered as (
    select table_name, scope_id as sub_account_id, min(load_id) as first_load_id,
    from meta.loads
    where outcome in ('loaded', 'partial')
    group by all
),

marked as (
    select
        *,
        state is not distinct from lag(state) over of_resource
        and valid_from <= lag(valid_to) over of_resource as goes_on,
    from staging.resource_states
    window of_resource as (partition by table_name, resource_id, state_kind order by valid_from, valid_to nulls last)
),

numbered as (
    select
        *,
        count(*) filter (where goes_on is not true) over (
            partition by table_name, resource_id, state_kind
            order by valid_from, valid_to nulls last
            rows between unbounded preceding and current row
        ) as island,
    from marked
)

select
    resource_id,
    sub_account_id,
    table_name,
    state_kind,
    any_value(state) as state,
    min(valid_from) as valid_from,
    case when bool_and(valid_to is not null) then max(valid_to) end as valid_to,
    coalesce(min(load_id) <= any_value(first_load_id), true) as is_from_lower_bound,
    island = 1 as is_first_known,
    bool_or(valid_to is null) as is_current,
from numbered
left join remembered using (table_name, sub_account_id)
group by resource_id, sub_account_id, table_name, state_kind, island
