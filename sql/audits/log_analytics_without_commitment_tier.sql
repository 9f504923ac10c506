-- Workspaces that pay by the gigabyte for as much as a commitment tier holds, which costs less by the gigabyte.
-- title: Log Analytics workspaces without a commitment tier
-- severity: medium
-- category: rate
-- action: commit
-- saving: at_stake
-- population: staging.log_analytics_workspaces
-- fix: Compare the price of the tier in its region with what is paid by the gigabyte; a tier holds for 31 days at least.
-- source: the bill's ingestion of Analytics Logs and the tiers from 100 GB a day (Microsoft Learn, Azure Monitor Logs cost calculations and options: meters Pay-as-you-go Data Ingestion and Analytics Logs Data Ingestion); the price of a tier is not in the bill of who does not pay it, so no saving is given
with ingested as (
    select
        resource_id,
        sum(consumed_quantity) / 30 as gb_per_day,
        max(charged_days) as charged_days,
        sum(billed_cost) as ingestion_cost,
        min(billing_currency) as billing_currency,
    from marts.resource_meter_cost_last_30_days
    where
        sku_meter in ('Analytics Logs Data Ingestion', 'Pay-as-you-go Data Ingestion')
        and regexp_matches(consumed_unit, '^(1 )?gi?b$', 'i')
    group by resource_id
    having count(distinct billing_currency) = 1
)

select
    spaces.resource_id,
    'Pays by the gigabyte for ' || round(ingested.gb_per_day) || ' GB a day.' as finding,
    case when ingested.charged_days < 28 then 'Is charged for ingestion for less than 28 of 30 days.' end as spared,
    to_json({
        'gb_per_day': round(ingested.gb_per_day, 1),
        'tier_gb_per_day': list_max(list_filter([100, 200, 300, 400, 500, 1000, 2000, 5000], lambda gb: gb <= gb_per_day)),
        'charged_days': ingested.charged_days,
        'ingestion_cost_of_the_window': ingested.ingestion_cost,
        'ingestion_cost_currency': ingested.billing_currency,
        'plan': spaces.plan
    }) as evidence,
from staging.log_analytics_workspaces as spaces
inner join ingested using (resource_id)
where
    coalesce(spaces.plan, 'pergb2018') = 'pergb2018'
    and ingested.gb_per_day >= coalesce(getvariable('commitment_tier_gb'), 100)
