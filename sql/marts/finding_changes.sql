-- What changed since an earlier audit: findings that are new, gone, or cost more.
-- grain: one row per finding that changed
-- parameters:
--   since := null: Day (UTC) whose last audit is compared with; null: the last audit of an earlier day than the newest.
-- columns:
--   event: new, gone, or grown: it saves at least a tenth, and 1 of its currency, more than then.
--   since_at: The audit that is compared with (UTC).
--   saving_before: Monthly saving as of that audit; null when not known, or new.
--   saving_now: Monthly saving now, or when it was seen last.
--   monthly_saving: The same, named as in marts.findings.
-- example: marts.finding_changes(since := date '2026-11-01')
with audits as (
    select since_at from marts.audit_before(since := since)
),

known as (
    select
        savings.finding_id,
        arg_max_null(savings.monthly_saving, savings.known_at) as saving_before,
        arg_max_null(savings.billing_currency, savings.known_at) as currency_before,
    from meta.ledger_savings as savings
    cross join audits
    where savings.known_at <= audits.since_at
    group by savings.finding_id
),

compared as (
    select
        ledger.*,
        audits.since_at,
        known.saving_before,
        known.currency_before,
        case
            when ledger.gone_at > audits.since_at and ledger.first_seen_at <= audits.since_at then 'gone'
            when ledger.gone_at is not null then null
            when ledger.first_seen_at > audits.since_at then 'new'
            when
                known.currency_before = ledger.billing_currency
                and ledger.monthly_saving - known.saving_before >= greatest(1, known.saving_before / 10)
                then 'grown'
        end as event,
    from meta.ledger as ledger
    cross join audits
    left join known using (finding_id)
    where ledger.verdict = 'waste'
)

select
    event,
    since_at,
    finding_id,
    check_name,
    severity,
    category,
    resource_id,
    sub_account_id,
    x_resource_group_name,
    resource_name,
    region_id,
    tags,
    case when event = 'new' then null else saving_before end as saving_before,
    monthly_saving as saving_now,
    monthly_saving,
    billing_currency,
    gone_because,
from compared
where event is not null
