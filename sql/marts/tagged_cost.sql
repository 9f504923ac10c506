-- Cost by resource with its effective tags: those of the charge itself first, then those of the resource, its resource
--   group and its subscription. What has no tag is told apart by why.
-- grain: one row per month, subscription, service, resource, set of tags on the charge, and billing currency
-- parameters:
--   first_day := null: First day (UTC); default: all that is held.
--   last_day := null: Last day (UTC), inclusive; default: all that is held.
--   source := 'marts.charges': What to read; 'marts.charges_now' is faster.
-- example: marts.tagged_cost(first_day := date '2026-10-01', last_day := date '2026-10-31')
-- like: marts.effective_tags
with within as (
    from query_table(source)
    where charge_period_start between coalesce(first_day, date '1900-01-01') and coalesce(last_day, date '9999-12-31')
),

items as materialized (
    from marts.written_tags('within')
)

from marts.effective_tags('items')
