-- The resources whose number of instances rules change by themselves (automatic scaling of Azure Monitor).
-- grain: one row per resource with such rules that are switched on
-- base_of: audits.oversized_scale_sets, audits.oversized_app_service_plans
-- stored: whole
-- source: Microsoft.Insights/autoscaleSettings, targetResourceUri (FinOps toolkit, query of App Service plans)
-- columns:
--   target_id: Full ARM id of the resource that is scaled, lower case.
select distinct target_id,
from staging.autoscale_settings
where is_enabled and target_id is not null
