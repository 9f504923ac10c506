-- What all checks say, with one saving per resource and part of its bill: deleting beats changing, changing beats committing.
-- What the user excludes (exclusions.toml) has the verdict excluded and takes no part in that.
-- grain: one row per check and resource that it lists
-- over: audits
-- columns:
--   verdict: waste, excluded (waste by the check, and left out by the user), not_applicable or undetermined; a resource that is fine is not listed.
--   finding_id: Short name of the finding: the same check and resource have the same one for good.
--   excluded_by: Numbers of the exclusions that hold for it (meta.exclusions); empty where none does.
--   excluded_because: Why the user excludes it (or, dismissed in the ledger, what was noted); null where it is not excluded.
--   counted_saving: monthly_saving where it counts; null where another check's saving on the same resource counts instead. Its sum per currency is what would really leave the bill.
--   counted_by: Check whose saving counts for this resource and part.
with excluded as (
    select
        judged.check_name,
        judged.resource_id,
        list(exclusions.exclusion_number order by exclusions.exclusion_number) as excluded_by,
        arg_min(exclusions.reason, exclusions.exclusion_number) as excluded_because,
    from judged
    left join staging.subscriptions as subscriptions using (sub_account_id)
    inner join marts.exclusions as exclusions
        on exclusions.holds
        and (exclusions.check_pattern is null or judged.check_name glob exclusions.check_pattern)
        and (
            exclusions.subscription_pattern is null
            or lower(subscriptions.sub_account_name) glob exclusions.subscription_pattern
            or judged.sub_account_id glob exclusions.subscription_pattern
            or replace(judged.sub_account_id, '/subscriptions/', '') glob exclusions.subscription_pattern
        )
        and (
            exclusions.resource_group_pattern is null
            or judged.x_resource_group_name glob exclusions.resource_group_pattern
        )
        and (
            exclusions.resource_pattern is null
            or judged.resource_id glob exclusions.resource_pattern
            or lower(judged.resource_name) glob exclusions.resource_pattern
        )
        and (
            exclusions.tag_key is null
            or json_extract_string(lower(coalesce(judged.tags, '{}')), '$."' || exclusions.tag_key || '"')
                glob coalesce(exclusions.tag_pattern, '*')
        )
    where judged.verdict = 'waste'
    group by judged.check_name, judged.resource_id
),

dismissed as (
    select finding_id, 'Dismissed' || coalesce(': ' || arg_max(note, marked_at), '') || '.' as because,
    from meta.ledger_marks
    group by finding_id
    having arg_max(status, marked_at) = 'dismissed'
),

named as (
    select *, left(md5(check_name || ' ' || resource_id), 12) as finding_id,
    from judged
),

marked as (
    select
        named.* replace (
            case
                when named.verdict = 'waste' and (excluded.excluded_by is not null or dismissed.because is not null)
                    then 'excluded'
                else named.verdict
            end as verdict
        ),
        coalesce(excluded.excluded_by, []::integer[]) as excluded_by,
        case when named.verdict = 'waste' then coalesce(excluded.excluded_because, dismissed.because) end as excluded_because,
    from named
    left join excluded using (check_name, resource_id)
    left join dismissed using (finding_id)
),

ranked as (
    select
        *,
        verdict = 'waste' and monthly_saving is not null as has_saving,
        case action when 'delete' then 1 when 'change' then 2 when 'commit' then 3 else 4 end as action_rank,
        case when action = 'delete' then null else saving_part end as part,
    from marked
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
