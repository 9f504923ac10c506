-- What all checks say, with one saving per resource and part of its bill: deleting beats changing, changing beats committing.
-- grain: one row per check and resource that it lists
-- over: audits
-- columns:
--   counted_saving: monthly_saving where it counts; null where another check's saving on the same resource counts instead. Its sum per currency is what would really leave the bill.
--   counted_by: Check whose saving counts for this resource and part.
with ranked as (
    select
        *,
        verdict = 'waste' and monthly_saving is not null as has_saving,
        case action when 'delete' then 1 when 'change' then 2 when 'commit' then 3 else 4 end as action_rank,
        case when action = 'delete' then null else saving_part end as part,
    from judged
),

chosen as (
    select
        *,
        min(action_rank) filter (where has_saving) over (partition by saved_resource_id) as best_rank,
        first_value(check_name) over (
            partition by saved_resource_id, has_saving, part
            order by action_rank, monthly_saving desc, check_name
        ) as first_of_part,
        first_value(check_name) over (
            partition by saved_resource_id, has_saving
            order by action_rank, monthly_saving desc, check_name
        ) as first_of_all,
    from ranked
)

select
    * exclude (has_saving, action_rank, part, best_rank, first_of_part, first_of_all),
    case when check_name = counted_by then monthly_saving end as counted_saving,
from (
    select *, case when has_saving then case when best_rank = 1 then first_of_all else first_of_part end end as counted_by
    from chosen
)
