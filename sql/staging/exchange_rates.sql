-- Dated exchange rates of the user's files in the folder business.
-- grain: one row per day and pair of currencies
-- columns:
--   rate_date: Day from which the rate holds (UTC), until the next one of its pair.
--   from_currency: Currency that is converted.
--   to_currency: Currency it is converted into.
--   rate: What one unit of from_currency is worth in to_currency.
--   file_name: File it came from.
--   loaded_at: Instant since which the lake knows it (UTC).
select
    date as rate_date,
    "from" as from_currency,
    "to" as to_currency,
    rate,
    _scope_id as file_name,
    _loaded_at as loaded_at,
from raw.exchange_rates
