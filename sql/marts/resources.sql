-- Every resource that exists now, of any type.
-- grain: one row per resource
-- columns:
--   resource_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   x_resource_group_name: Resource group, lower case.
--   resource_name: Name as Azure writes it.
--   resource_type: Resource type, lower case.
--   kind: Variant of the type, where it has one.
--   region_id: Region, such as westeurope.
--   sku_name: Name of the SKU, where the listing gives one.
--   created_at: Instant of creation (UTC), where Azure tells it.
--   tags: JSON object of the resource's own tags.
--   loaded_at: Instant of the listing (UTC).
select
    resource_id,
    sub_account_id,
    resource_group_name as x_resource_group_name,
    resource_name,
    resource_type,
    kind,
    location as region_id,
    sku_name,
    created_at,
    tags,
    loaded_at,
from staging.resources
