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
        if(action = 'delete', null, saving_part) as part,
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
    if(check_name = counted_by, monthly_saving, null) as counted_saving,
from (
    select *, if(has_saving, if(best_rank = 1, first_of_all, first_of_part), null) as counted_by
    from chosen
)
