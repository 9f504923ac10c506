-- Backups kept for years add up: each weekly, monthly and yearly point is billed by size.
-- title: Backup policies that keep for long
-- severity: low
-- category: usage
-- action: change
-- saving: at_stake
-- population: staging.backup_policies
-- fix: Shorten the retention where no law asks for it.
-- source: FinOps toolkit best practices (52 weeks, 12 months, 5 years)
select
    resource_id,
    'Keeps weekly points for more than a year, monthly ones for more than 12 months or yearly ones for more than 5 years.' as finding,
    to_json({'weekly_retention': weekly_retention, 'monthly_retention': monthly_retention, 'yearly_retention': yearly_retention, 'protected_item_count': protected_item_count}) as evidence,
from staging.backup_policies
where coalesce(protected_item_count, 0) > 0 and (weekly_retention > 52 or monthly_retention > 12 or yearly_retention > 5)
