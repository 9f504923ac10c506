-- Every finding from first seen to gone, what people said of it, and what was really saved once it was gone.
-- grain: one row per finding and time it came (one that comes back has another row)
-- source: docs/architecture.md, Money: a saving is proven by the resource's own bill, before minus after
-- columns:
--   state: open, or gone.
--   status: What was said of it last: accepted, done or dismissed; open where nothing was.
--   owner: Who was named; null when nobody was.
--   note: What was noted.
--   marked_at: When that was said (UTC).
--   cost_before: Billed cost of saved_resource_id in the 30 days before it was seen last, in billing_currency; null when not known.
--   observed_days: Complete days of cost since it was gone, 30 at most.
--   cost_after: Its billed cost in the 30 days after it was gone; null before these are complete, and where cost_before is null.
--   realized_saving: cost_before minus cost_after: what was really saved in a month. Null when not knowable: open, not yet 30 days gone, a saving that did not count or is not of the own bill.
with spells as (
    select
        *,
        lead(first_seen_at) over (partition by finding_id order by first_seen_at) as next_seen_at,
        (last_seen_at at time zone 'UTC')::date as last_day,
        (gone_at at time zone 'UTC')::date as gone_day,
        gone_at is not null
        and counted_saving is not null
        and saving_source = 'billed_cost_last_30_days'
        and action in ('delete', 'change') as is_provable,
    from meta.ledger
),

said as (
    select
        spells.finding_id,
        spells.first_seen_at,
        arg_max(marks.status, marks.marked_at) as status,
        arg_max(marks.owner, marks.marked_at) as owner,
        arg_max(marks.note, marks.marked_at) as note,
        max(marks.marked_at) as marked_at,
    from spells
    inner join meta.ledger_marks as marks
        on spells.finding_id = marks.finding_id
        and marks.marked_at < coalesce(spells.next_seen_at, 'infinity'::timestamptz)
        and (marks.marked_at >= spells.first_seen_at or marks.status = 'dismissed')
    group by spells.finding_id, spells.first_seen_at
),

settled as (
    select candidates.account_id as sub_account_id, max(windows.window_end_date) as last_complete_date,
    from charges.candidates as candidates
    inner join marts.cost_windows as windows using (x_scope_id)
    where candidates.is_counted
    group by candidates.account_id
),

costs as (
    select
        spells.finding_id,
        spells.first_seen_at,
        sum(charges.billed_cost)
            filter (where charges.charge_period_start between spells.last_day - 30 and spells.last_day - 1) as cost_before,
        sum(charges.billed_cost)
            filter (where charges.charge_period_start between spells.gone_day + 1 and spells.gone_day + 30) as cost_since,
    from spells
    inner join marts.charges_as_of(null::timestamptz) as charges
        on spells.saved_resource_id = charges.resource_id
        and spells.billing_currency = charges.billing_currency
        and charges.charge_period_start between spells.last_day - 30 and spells.gone_day + 30
    where spells.is_provable
    group by spells.finding_id, spells.first_seen_at
)

select
    spells.* exclude (next_seen_at, last_day, gone_day, is_provable),
    case when spells.gone_at is null then 'open' else 'gone' end as state,
    coalesce(said.status, 'open') as status,
    said.owner,
    said.note,
    said.marked_at,
    costs.cost_before,
    case
        when spells.is_provable then greatest(0, least(30, coalesce(settled.last_complete_date - spells.gone_day, 0)))
    end as observed_days,
    case when observed_days = 30 and costs.cost_before is not null then coalesce(costs.cost_since, 0) end as cost_after,
    costs.cost_before - cost_after as realized_saving,
from spells
left join said on spells.finding_id = said.finding_id and spells.first_seen_at = said.first_seen_at
left join costs on spells.finding_id = costs.finding_id and spells.first_seen_at = costs.first_seen_at
left join settled using (sub_account_id)
