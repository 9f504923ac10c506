-- How much Azure was asked each day, how fast it answered and how often it said "too many requests".
-- grain: one row per UTC day and API
-- columns:
--   usage_date: UTC day on which the calls began.
--   api: Resource provider and type, such as Microsoft.CostManagement/query.
--   calls: Calls made, each counted once however often it was repeated.
--   requests: HTTP requests sent, repetitions included.
--   throttled_requests: Requests that were answered with 429, too many requests.
--   throttled_share: Their part of all requests, 0 to 1; null when none was sent.
--   unanswered_calls: Calls that ended without the answer, after all repetitions.
--   p50_seconds: Median time from request to reply.
--   p95_seconds: Time that 95 of 100 requests stayed within.
--   max_seconds: Longest time from request to reply.
--   waited_seconds: Time spent waiting between requests, added over all threads.
--   reply_bytes: Bytes of the replies that were read.
--   row_count: Rows and items on the pages that were read.
with requests as (
    select
        call_id,
        unnest(statuses) as status,
        unnest(latencies) as seconds,
    from meta.api_calls
),

per_call as (
    select
        calls.started_at::date as usage_date,
        calls.api,
        count(*) as calls,
        sum(calls.attempts)::bigint as requests,
        sum(calls.throttled)::bigint as throttled_requests,
        count(*) filter (where calls.outcome <> 'answered') as unanswered_calls,
        sum(calls.waited_seconds) as waited_seconds,
        sum(calls.reply_bytes)::bigint as reply_bytes,
        coalesce(sum(calls.row_count), 0)::bigint as row_count,
    from meta.api_calls as calls
    group by all
),

per_request as (
    select
        calls.started_at::date as usage_date,
        calls.api,
        quantile_cont(requests.seconds, 0.5) as p50_seconds,
        quantile_cont(requests.seconds, 0.95) as p95_seconds,
        max(requests.seconds) as max_seconds,
    from requests
    inner join meta.api_calls as calls using (call_id)
    where requests.status <> 0
    group by all
)

select
    per_call.usage_date,
    per_call.api,
    per_call.calls,
    per_call.requests,
    per_call.throttled_requests,
    per_call.throttled_requests / nullif(per_call.requests, 0) as throttled_share,
    per_call.unanswered_calls,
    per_request.p50_seconds,
    per_request.p95_seconds,
    per_request.max_seconds,
    per_call.waited_seconds,
    per_call.reply_bytes,
    per_call.row_count,
from per_call
left join per_request using (usage_date, api)
