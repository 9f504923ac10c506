-- How fresh the answers of each tool were, and how long the askers waited.
-- grain: one row per UTC day and tool
-- columns:
--   usage_date: UTC day on which the questions came.
--   tool: The MCP tool.
--   answers: Questions answered.
--   refused: Questions that were refused or failed.
--   fresh: Answers for which nothing had to be refreshed.
--   refreshed: Answers for which a refresh ended before they were given.
--   stale: Answers given although something was due, which they say.
--   hit_rate: Part of the answers needing fresh data that were served without a refresh and fresh, 0 to 1; null when none needed any.
--   p50_seconds: Median time from question to answer.
--   p95_seconds: Time that 95 of 100 answers stayed within.
--   max_seconds: Longest time from question to answer.
--   row_count: Rows given.
--   answer_bytes: Bytes given.
select
    started_at::date as usage_date,
    tool,
    count(*) filter (where outcome = 'answered') as answers,
    count(*) filter (where outcome <> 'answered') as refused,
    count(*) filter (where outcome = 'answered' and freshness = 'fresh') as fresh,
    count(*) filter (where outcome = 'answered' and freshness = 'refreshed') as refreshed,
    count(*) filter (where outcome = 'answered' and freshness = 'stale') as stale,
    count(*) filter (where outcome = 'answered' and freshness = 'fresh')
    / nullif(count(*) filter (where outcome = 'answered' and freshness is not null), 0) as hit_rate,
    quantile_cont(duration_seconds, 0.5) filter (where outcome = 'answered') as p50_seconds,
    quantile_cont(duration_seconds, 0.95) filter (where outcome = 'answered') as p95_seconds,
    max(duration_seconds) filter (where outcome = 'answered') as max_seconds,
    coalesce(sum(row_count), 0)::bigint as row_count,
    sum(answer_bytes)::bigint as answer_bytes,
from meta.answers
group by all
