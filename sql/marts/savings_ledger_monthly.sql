-- What was found, what went, and what was really saved, by month and owner.
-- grain: one row per month, owner and currency
-- columns:
--   month: First day of the calendar month (UTC) in which findings were first seen, or gone.
--   owner: Who was named for them; null: nobody.
--   billing_currency: Currency of the savings; null for findings without a price.
--   found: Findings first seen in the month.
--   found_saving: Monthly savings that counted when they were seen last.
--   gone: Findings gone in the month.
--   gone_saving: Monthly savings that counted when these were seen last.
--   proven: Those of the gone ones whose bill has shown what was really saved.
--   realized_saving: What these really save in a month.
select
    month,
    owner,
    billing_currency,
    count(*) filter (where event = 'found') as found,
    sum(counted_saving) filter (where event = 'found') as found_saving,
    count(*) filter (where event = 'gone') as gone,
    sum(counted_saving) filter (where event = 'gone') as gone_saving,
    count(realized_saving) filter (where event = 'gone') as proven,
    sum(realized_saving) filter (where event = 'gone') as realized_saving,
from (
    select
        'found' as event, date_trunc('month', first_seen_at at time zone 'UTC')::date as month, owner, billing_currency,
        counted_saving, realized_saving,
    from marts.savings_ledger
    union all
    select
        'gone' as event, date_trunc('month', gone_at at time zone 'UTC')::date as month, owner, billing_currency,
        counted_saving, realized_saving,
    from marts.savings_ledger
    where gone_at is not null
)
group by month, owner, billing_currency
