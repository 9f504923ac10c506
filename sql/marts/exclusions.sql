-- The user's exclusions (exclusions.toml), and whether they hold today.
-- grain: one row per exclusion
-- columns:
--   holds: Whether it holds on the variable "today" (a day), else on the day of reading (UTC); past its last day it does not.
select
    *,
    until_date is null
        or until_date >= coalesce(getvariable('today')::date, (now() at time zone 'UTC')::date) as holds,
from meta.exclusions
