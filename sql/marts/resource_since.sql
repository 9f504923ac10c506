-- Since when each resource is in the state it is in now, as far as the lake remembers.
-- grain: one row per resource and kind of state
-- stored: whole
-- columns:
--   is_from_lower_bound: Whether the state may be older, because the lake's memory begins there: say "at least".
select
    resource_id,
    state_kind,
    max(valid_from) as valid_from,
    bool_or(is_from_lower_bound) as is_from_lower_bound,
from marts.resource_states
where is_current
group by resource_id, state_kind
