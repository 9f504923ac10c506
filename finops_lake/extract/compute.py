"""Scale sets, snapshots and images of one subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finops_lake.extract.arrow import as_json, flag, instant, only, pick, whole
from finops_lake.extract.inventory import inventory
from finops_lake.extract.listing import PROVISIONING_STATE, TIME_CREATED, ZONES, Column

PROFILE = "properties.virtualMachineProfile"


def operating_system(profile: Any) -> str | None:
    """Return Windows or Linux, by the configuration that a profile of machines carries."""
    if not isinstance(profile, Mapping):
        return None
    if pick(profile, "osProfile.windowsConfiguration") is not None:
        return "Windows"
    if pick(profile, "osProfile.linuxConfiguration") is not None:
        return "Linux"
    named = pick(profile, "storageProfile.osDisk.osType")
    return None if named is None else str(named)


SCALE_SETS = inventory(
    "scale_sets",
    "Virtual machine scale sets.",
    (
        Column("sku_name", "sku.name", "Size of its machines; null for a set of mixed ones."),
        Column("sku_tier", "sku.tier", "Tier of the size."),
        Column("capacity", "sku.capacity", "Instances asked for.", whole),
        Column("orchestration_mode", "properties.orchestrationMode", "Uniform or Flexible; null means Uniform."),
        Column("os_type", PROFILE, "Windows or Linux, where its profile says so.", operating_system),
        Column("license_type", f"{PROFILE}.licenseType", "Hybrid benefit in use, such as Windows_Server."),
        Column("priority", f"{PROFILE}.priority", "Regular, Low or Spot; null means Regular."),
        Column("image_publisher", f"{PROFILE}.storageProfile.imageReference.publisher", "Publisher of the image."),
        Column("image_id", f"{PROFILE}.storageProfile.imageReference.id", "Own image or gallery version it starts."),
        Column(
            "network_profile",
            f"{PROFILE}.networkProfile.networkInterfaceConfigurations",
            "JSON of the pools and addresses its machines are put into.",
            only(
                "properties",
                "ipConfigurations",
                "loadBalancerBackendAddressPools",
                "applicationGatewayBackendAddressPools",
                "id",
            ),
        ),
        TIME_CREATED,
        PROVISIONING_STATE,
        ZONES,
    ),
)

SNAPSHOTS = inventory(
    "snapshots",
    "Snapshots of managed disks.",
    (
        Column("sku_name", "sku.name", "Standard_LRS, Standard_ZRS or Premium_LRS."),
        Column("is_incremental", "properties.incremental", "True when it is billed by what changed.", flag),
        Column("disk_size_gb", "properties.diskSizeGB", "Size of its source in GiB; it is billed by used size.", whole),
        Column("disk_state", "properties.diskState", "Unattached, ActiveSAS, ReadyToUpload, ..."),
        Column("os_type", "properties.osType", "Windows or Linux for that of an operating system disk."),
        Column("create_option", "properties.creationData.createOption", "How it was made: Copy, Import, Restore, ..."),
        Column("source_resource_id", "properties.creationData.sourceResourceId", "Disk or snapshot it was taken of."),
        Column("managed_by", "managedBy", "Resource that manages it, where one does."),
        Column("completion_percent", "properties.completionPercent", "Progress of a copy that still runs."),
        TIME_CREATED,
    ),
)

IMAGES = inventory(
    "images",
    "Images of machines (galleries' versions are in graph_resources).",
    (
        Column("source_virtual_machine_id", "properties.sourceVirtualMachine.id", "Machine it was taken of."),
        Column("os_type", "properties.storageProfile.osDisk.osType", "Windows or Linux."),
        Column("os_disk_size_gb", "properties.storageProfile.osDisk.diskSizeGB", "Size of its system disk.", whole),
        Column("os_disk_source_id", "properties.storageProfile.osDisk.managedDisk.id", "Disk it was taken of."),
        Column(
            "data_disks",
            "properties.storageProfile.dataDisks",
            "JSON of its data disks.",
            only("lun", "diskSizeGB", "storageAccountType", "managedDisk", "snapshot", "id"),
        ),
        Column("hyper_v_generation", "properties.hyperVGeneration", "V1 or V2."),
        Column("extended_location", "extendedLocation", "JSON of the edge zone it lies in.", as_json),
        Column("created_at", "systemData.createdAt", "Instant of creation (UTC), where Azure tells it.", instant),
        PROVISIONING_STATE,
    ),
)

EXTRACTORS = (SCALE_SETS, SNAPSHOTS, IMAGES)
