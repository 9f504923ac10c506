-- Resource types with a cost that cannot carry tags, or whose tags do not reach the bill. All types that are not
--   listed here carry tags and pass them on.
-- grain: one row per resource type
-- source: Tag support for Azure resources (columns "Supports tags" and "Tag in cost report"), types that are billed
-- columns:
--   resource_type: Resource type, lower case.
--   supports_tags: Whether a resource of the type has tags at all.
--   is_in_bill: Whether the bill names them; where not, the lake takes them from the listing of resources.
select
    resource_type,
    supports_tags,
    false as is_in_bill,
from (
    values
        ('microsoft.appplatform/spring/apps', false),
        ('microsoft.appplatform/spring/apps/deployments', false),
        ('microsoft.avs/privateclouds/clusters', false),
        ('microsoft.batch/batchaccounts/pools', false),
        ('microsoft.cache/redisenterprise/databases', false),
        ('microsoft.capacity/reservationorders', false),
        ('microsoft.capacity/reservationorders/reservations', false),
        ('microsoft.classiccompute/domainnames', false),
        ('microsoft.classiccompute/virtualmachines', false),
        ('microsoft.classicnetwork/reservedips', false),
        ('microsoft.classicnetwork/virtualnetworks', false),
        ('microsoft.classicstorage/storageaccounts', false),
        ('microsoft.compute/galleries/images', false),
        ('microsoft.compute/galleries/images/versions', false),
        ('microsoft.compute/restorepointcollections/restorepoints', false),
        ('microsoft.compute/virtualmachinescalesets/virtualmachines', false),
        ('microsoft.kusto/clusters/databases', false),
        ('microsoft.machinelearningservices/workspaces/computes', false),
        ('microsoft.netapp/netappaccounts/accountbackups', false),
        ('microsoft.netapp/netappaccounts/capacitypools/volumes/snapshots', false),
        ('microsoft.saas/saasresources', false),
        ('microsoft.security/pricings', false),
        ('microsoft.sql/managedinstances/databases', false),
        ('microsoft.sql/virtualclusters', false),
        ('microsoft.storage/storageaccounts/blobservices', false),
        ('microsoft.storage/storageaccounts/fileservices', false),
        ('microsoft.storage/storageaccounts/queueservices', false),
        ('microsoft.storage/storageaccounts/tableservices', false),
        ('microsoft.storagesync/storagesyncservices/registeredservers', false),
        ('microsoft.appconfiguration/configurationstores', true),
        ('microsoft.azureactivedirectory/b2cdirectories', true),
        ('microsoft.compute/virtualmachinescalesets/publicipaddresses', true),
        ('microsoft.labservices/labaccounts', true),
        ('microsoft.netapp/netappaccounts', true),
        ('microsoft.netapp/netappaccounts/capacitypools', true),
        ('microsoft.netapp/netappaccounts/capacitypools/volumes', true),
        ('microsoft.network/azurefirewalls', true),
        ('microsoft.network/bastionhosts', true),
        ('microsoft.network/networkwatchers/connectionmonitors', true),
        ('microsoft.network/networkwatchers/flowlogs', true),
        ('microsoft.network/virtualwans', true),
        ('microsoft.notificationhubs/namespaces', true),
        ('microsoft.timeseriesinsights/environments', true)
) as types (resource_type, supports_tags)
