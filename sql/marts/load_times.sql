-- How long each raw table takes to fetch, and how much comes of it.
-- grain: one row per UTC day and raw table
-- columns:
--   load_date: UTC day on which the loads ended.
--   table_name: Raw table.
--   loads: Pieces tried (scope, month and metric).
--   loaded: Pieces that came in full.
--   failed: Pieces of which nothing came: denied, unsupported, throttled or failed.
--   total_seconds: Time spent fetching, added over all threads.
--   p50_seconds: Median time of a piece.
--   p95_seconds: Time that 95 of 100 pieces stayed within.
--   max_seconds: Longest time of a piece.
--   calls: HTTP requests that it took.
--   row_count: Rows that came.
--   rows_per_second: Rows by time spent; null when no time passed.
with timed as (
    select
        *,
        epoch(finished_at - started_at) as seconds,
    from meta.loads
)

select
    finished_at::date as load_date,
    table_name,
    count(*) as loads,
    count(*) filter (where outcome = 'loaded') as loaded,
    count(*) filter (where outcome not in ('loaded', 'partial')) as failed,
    sum(seconds) as total_seconds,
    quantile_cont(seconds, 0.5) as p50_seconds,
    quantile_cont(seconds, 0.95) as p95_seconds,
    max(seconds) as max_seconds,
    sum(calls)::bigint as calls,
    coalesce(sum(row_count), 0)::bigint as row_count,
    coalesce(sum(row_count), 0) / nullif(sum(seconds), 0) as rows_per_second,
from timed
group by all
