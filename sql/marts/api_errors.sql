-- Which requests to Azure failed, by type, those included that a repetition repaired.
-- grain: one row per UTC day, API and error type
-- columns:
--   usage_date: UTC day on which the calls began.
--   api: Resource provider and type, such as Microsoft.CostManagement/query.
--   error_type: throttled (429), no reply, denied (401, 403), not found (404), refused (other 4xx) or failed (5xx).
--   requests: HTTP requests that ended so.
--   request_share: Their part of all requests to this API on this day, 0 to 1.
--   calls: Calls that such requests belong to.
--   repaired_calls: Calls among them that a repetition answered all the same.
--   error_codes: Codes of Azure's errors with which calls ended, each once.
--   last_request_ids: Azure's request ids of the newest such call, to quote to its support.
with requests as (
    select
        call_id,
        started_at,
        started_at::date as usage_date,
        api,
        outcome,
        error,
        request_ids,
        unnest(statuses) as status,
    from meta.api_calls
),

typed as (
    select
        *,
        case
            when status = 0 then 'no reply'
            when status = 429 then 'throttled'
            when status in (401, 403) then 'denied'
            when status = 404 then 'not found'
            when status >= 500 then 'failed'
            when status >= 400 then 'refused'
        end as error_type,
        count(*) over (partition by usage_date, api) as all_requests,
    from requests
)

select
    usage_date,
    api,
    error_type,
    count(*) as requests,
    count(*) / any_value(all_requests) as request_share,
    count(distinct call_id) as calls,
    count(distinct call_id) filter (where outcome = 'answered') as repaired_calls,
    coalesce(list_sort(list(distinct error) filter (where error is not null)), []) as error_codes,
    arg_max(request_ids, started_at) as last_request_ids,
from typed
where error_type is not null
group by usage_date, api, error_type
