-- What the alert rules of config.toml found, and what became of telling it.
-- grain: one row per alert: a rule, a cause and how far it had gone
-- source: the last publication of the lake; our own readers add what the home's journal has learnt since
-- example: select decided_at, severity, title, status from marts.alerts order by decided_at desc
-- like: meta.alerts
with changed as (
    select
        unnest(
            cast(
                getvariable('alerts') as struct(
                    alert_id varchar, decided_at timestamptz, rule varchar, kind varchar, severity varchar,
                    cause varchar, step decimal(18, 4), title varchar, detail varchar, amount decimal(38, 24),
                    billing_currency varchar, sub_account_id varchar, sub_account_name varchar, resource_id varchar,
                    is_muted boolean, status varchar,
                    deliveries struct(
                        channel varchar, status varchar, not_before timestamptz, attempts bigint,
                        attempted_at timestamptz, reason varchar, message_id varchar
                    )[]
                )[]
            ),
            max_depth := 2
        ),
)

select *
from meta.alerts
where alert_id not in (select alert_id from changed)
union all by name
select *
from changed
