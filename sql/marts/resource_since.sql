-- Since when each resource is in the state it is in now, as far as the lake remembers.
-- grain: one row per resource and kind of state
-- stored: whole
-- columns:
--   is_from_lower_bound: Whether the state may be older: the lake's memory begins there, or the resource was listed for the first time more than a day after it was made (its type or group could not be read before). Say "at least".
select
    states.resource_id,
    states.state_kind,
    max(states.valid_from) as valid_from,
    bool_or(
        states.is_from_lower_bound
        or coalesce(states.is_first_known and audited.created_at < states.valid_from - interval 1 day, false)
    ) as is_from_lower_bound,
from marts.resource_states as states
left join marts.audited_resources as audited using (resource_id)
where states.is_current
group by states.resource_id, states.state_kind
