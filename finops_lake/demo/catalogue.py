"""What the invented company can buy: meters with list prices in US dollars, machine sizes, disk tiers, names."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from finops_lake.demo.model import Rhythm


@dataclass(frozen=True)
class Meter:
    """A meter and how much of it one resource uses on an ordinary day.

    `quantity` is in units of 10^-`decimals`; `noise` and `growth` in thousandths (growth for each 30 days).
    """

    service_name: str
    category: str
    subcategory: str
    name: str
    price: str
    quantity: int
    decimals: int = 4
    rhythm: Rhythm = "flat"
    noise: int = 0
    growth: int = 0


@dataclass(frozen=True)
class Offering:
    """A kind of resource: its ARM type, the stem of its names, and the meters it is billed by."""

    resource_type: str
    stem: str
    meters: tuple[Meter, ...]


def _meter(service: str, subcategory: str, name: str, price: str, quantity: int, **more: int | str) -> Meter:
    return Meter(service, service, subcategory, name, price, quantity, **more)  # type: ignore[arg-type]


OFFERINGS = (
    Offering(
        "Microsoft.Sql/servers/databases",
        "sql/sqldb",
        (
            _meter("SQL Database", "Single Standard", "S3 DTUs", "4.8390", 1, decimals=0),
            _meter(
                "SQL Database", "LTR Backup Storage", "Backup RA-GRS Data Stored", "0.050", 31_667, noise=20, growth=15
            ),
        ),
    ),
    Offering(
        "Microsoft.Storage/storageAccounts",
        "st",
        (
            _meter("Storage", "Tiered Block Blob", "Hot LRS Data Stored", "0.0184", 412_500, noise=15, growth=25),
            _meter(
                "Storage", "Tiered Block Blob", "Hot Read Operations", "0.0000044", 13_471, noise=300, rhythm="busy"
            ),
            _meter(
                "Bandwidth",
                "Rtn Preference: MGN",
                "Standard Data Transfer Out",
                "0.087",
                31_300,
                noise=250,
                rhythm="busy",
            ),
        ),
    ),
    Offering(
        "Microsoft.Web/serverFarms",
        "asp",
        (_meter("Azure App Service", "Azure App Service Premium v3 Plan - Linux", "P1 v3 App", "0.1550", 240_000),),
    ),
    Offering(
        "Microsoft.OperationalInsights/workspaces",
        "log",
        (
            _meter(
                "Log Analytics",
                "Log Analytics",
                "Pay-as-you-go Data Ingestion",
                "2.760",
                64_210,
                noise=180,
                growth=20,
                rhythm="busy",
            ),
        ),
    ),
    Offering(
        "Microsoft.KeyVault/vaults",
        "kv",
        (_meter("Key Vault", "Key Vault", "Operations", "0.000003", 21_333, noise=400, rhythm="busy"),),
    ),
    Offering(
        "Microsoft.ContainerService/managedClusters",
        "aks",
        (
            _meter(
                "Azure Kubernetes Service", "Azure Kubernetes Service", "Standard Uptime SLA", "0.10", 24, decimals=0
            ),
        ),
    ),
    Offering(
        "Microsoft.DocumentDB/databaseAccounts",
        "cosmos",
        (
            _meter(
                "Azure Cosmos DB", "Azure Cosmos DB", "100 RU/s", "0.008", 960_000, noise=60, growth=10, rhythm="busy"
            ),
        ),
    ),
    Offering(
        "Microsoft.Cache/Redis",
        "redis",
        (_meter("Redis Cache", "Azure Redis Cache Standard", "C2 Cache", "0.20", 240_000),),
    ),
    Offering(
        "Microsoft.DBforPostgreSQL/flexibleServers",
        "psql",
        (
            _meter("Azure Database for PostgreSQL", "Flexible Server General Purpose", "vCore", "0.089", 960_000),
            _meter(
                "Azure Database for PostgreSQL",
                "Flexible Server Storage",
                "Storage Data Stored",
                "0.115",
                85_333,
                growth=12,
            ),
        ),
    ),
    Offering(
        "Microsoft.CognitiveServices/accounts",
        "oai",
        (
            _meter(
                "Cognitive Services",
                "Azure OpenAI",
                "gpt 4o Input regional Tokens",
                "0.00275",
                19_431_000,
                noise=350,
                growth=60,
                rhythm="busy",
            ),
        ),
    ),
    Offering(
        "Microsoft.Network/natGateways",
        "ng",
        (_meter("NAT Gateway", "NAT Gateway", "Standard Gateway", "0.045", 24, decimals=0),),
    ),
    Offering(
        "Microsoft.ContainerRegistry/registries",
        "cr",
        (_meter("Container Registry", "Container Registry", "Standard Registry Unit", "0.6666", 1, decimals=0),),
    ),
)

COMPUTE = {
    "Standard_B2s": ("Bs Series", "B2s", "0.0480"),
    "Standard_D2s_v5": ("Dsv5 Series", "D2s v5", "0.1150"),
    "Standard_D4s_v5": ("Dsv5 Series", "D4s v5", "0.2300"),
    "Standard_E4s_v5": ("Esv5 Series", "E4s v5", "0.3040"),
    "Standard_F8s_v2": ("FSv2 Series", "F8s v2", "0.4080"),
}
"""Machine size -> meter subcategory, meter name, price of an hour."""

DISK_TIERS = {
    ("Premium_LRS", 64): ("P6", "Premium SSD Managed Disks", "P6 LRS Disk", "10.21"),
    ("Premium_LRS", 128): ("P10", "Premium SSD Managed Disks", "P10 LRS Disk", "19.71"),
    ("Premium_LRS", 512): ("P20", "Premium SSD Managed Disks", "P20 LRS Disk", "73.22"),
    ("Premium_LRS", 1024): ("P30", "Premium SSD Managed Disks", "P30 LRS Disk", "135.17"),
    ("StandardSSD_LRS", 32): ("E4", "Standard SSD Managed Disks", "E4 LRS Disk", "2.40"),
    ("StandardSSD_LRS", 128): ("E10", "Standard SSD Managed Disks", "E10 LRS Disk", "9.60"),
    ("Standard_LRS", 512): (None, "Standard HDD Managed Disks", "S20 LRS Disk", "21.76"),
    ("Standard_LRS", 1024): (None, "Standard HDD Managed Disks", "S30 LRS Disk", "40.96"),
}
"""SKU and size in GB -> performance tier, meter subcategory, meter name, price of a month."""

PROVISIONED_DISKS = {
    "PremiumV2_LRS": (
        ("Azure Premium SSD v2", "Premium LRS Provisioned Capacity", "1 GiB/Hour", "0.000110", 0),
        ("Azure Premium SSD v2", "Premium LRS Provisioned IOPS", "1/Hour", "0.000007", 3000),
        ("Azure Premium SSD v2", "Premium LRS Provisioned Throughput (MBps)", "1/Hour", "0.000055", 125),
    ),
    "UltraSSD_LRS": (
        ("Ultra Disks", "Ultra LRS Provisioned Capacity", "1 GiB/Hour", "0.000164", 0),
        ("Ultra Disks", "Ultra LRS Provisioned IOPS", "1/Hour", "0.000068", 0),
        ("Ultra Disks", "Ultra LRS Provisioned Throughput (MBps)", "1/Hour", "0.000479", 0),
    ),
}
"""SKU -> product, meter, unit, price, and what of it is free, for GiB, operations and megabytes a second."""

DISK_MONTH = (33_336, 6)
"""A day of a managed disk, in months: 0.033336 (24 hours of 1/720 month, as the bill rounds it)."""

ADDRESS_METERS = {
    ("Standard", "Static"): ("Standard IPv4 Static Public IP", "0.005"),
    ("Basic", "Static"): ("Basic IPv4 Static Public IP", "0.0036"),
    ("Basic", "Dynamic"): ("Basic IPv4 Dynamic Public IP", "0.004"),
}

SOLD_EVERYWHERE = {
    "NAT Gateway": "Global",
    "Load Balancer": "Global",
    "Virtual Network Private Link": "Global",
    "Azure Front Door": "Zone 1",
}
"""What has one meter for all regions, by product or service, and the region that the price list gives it."""

PRODUCTS = (
    ("Virtual Network", "IP Addresses", "Standard", "Standard IPv4 Static Public IP", "1 Hour", "0.005"),
    ("Virtual Network", "IP Addresses", "Basic", "Basic IPv4 Static Public IP", "1 Hour", "0.0036"),
    ("Virtual Network", "IP Addresses", "Basic", "Basic IPv4 Dynamic Public IP", "1 Hour", "0.004"),
    ("Virtual Network", "IP Addresses", "Global", "Global IPv4 Static Public IP", "1 Hour", "0.01"),
    ("Virtual Network", "Public IP Prefix", "Standard", "Standard Static IP Addresses", "1 Hour", "0.006"),
    ("Virtual Network", "Virtual Network Private Link", "Standard", "Standard Private Endpoint", "1 Hour", "0.01"),
    ("Virtual Network", "Virtual Network Private Link", "Standard", "Standard Data Processed - Egress", "1 GB", "0.01"),
    ("NAT Gateway", "NAT Gateway", "Standard", "Standard Gateway", "1 Hour", "0.045"),
    ("NAT Gateway", "NAT Gateway", "Standard", "Standard Data Processed", "1 GB", "0.045"),
    ("Load Balancer", "Load Balancer", "Standard", "Standard Data Processed", "1 GB", "0.005"),
    (
        "Load Balancer",
        "Load Balancer",
        "Standard",
        "Standard Included LB Rules and Outbound Rules",
        "1 Hour",
        "0.025",
    ),
    ("Load Balancer", "Load Balancer", "Standard", "Standard Overage LB Rules and Outbound Rules", "1/Hour", "0.01"),
    ("Application Gateway", "Application Gateway Standard v2", "Standard", "Standard Fixed Cost", "1/Hour", "0.246"),
    (
        "Application Gateway",
        "Application Gateway Standard v2",
        "Standard",
        "Standard Capacity Units",
        "1/Hour",
        "0.008",
    ),
    ("Azure Firewall", "Azure Firewall", "Standard", "Standard Deployment", "1 Hour", "1.25"),
    ("Azure Firewall", "Azure Firewall", "Premium", "Premium Deployment", "1 Hour", "1.75"),
    ("Azure Firewall", "Azure Firewall", "Premium", "Premium Data Processed", "1 GB", "0.016"),
    ("Azure Bastion", "Azure Bastion", "Standard", "Standard Gateway", "1 Hour", "0.29"),
    ("Azure Bastion", "Azure Bastion", "Standard", "Standard Additional Gateway", "1 Hour", "0.14"),
    ("VPN Gateway", "VPN Gateway", "VpnGw1AZ", "VpnGw1AZ", "1 Hour", "0.361"),
    ("VPN Gateway", "VPN Gateway", "VpnGw1AZ", "S2S Connection", "1 Hour", "0.015"),
    (
        "Azure DDOS Protection",
        "Azure DDOS Protection",
        "Network Protection",
        "Network Protection Plan",
        "1 Hour",
        "4.03",
    ),
    ("Azure App Service", "Azure App Service Premium v3 Plan - Linux", "P1 v3", "P1 v3 App", "1 Hour", "0.155"),
    ("SQL Database", "SQL Database Elastic Pool - Standard", "50 DTU Pack", "eDTUs", "1/Day", "3.675"),
    ("SQL Database", "SQL Database Elastic Pool - Standard", "100 DTU Pack", "eDTUs", "1/Day", "7.35"),
    ("SQL Database", "SQL Database Single Standard", "S3", "S3 DTUs", "1/Day", "4.8390"),
    ("Azure Front Door Service", "Azure Front Door", "Standard", "Standard Base Fees", "1/Month", "35"),
    ("Azure Front Door Service", "Azure Front Door", "Premium", "Premium Base Fees", "1/Month", "330"),
    (
        "Azure Database for PostgreSQL",
        "Azure Database for PostgreSQL Flex Server Storage",
        "Storage",
        "Storage Data Stored",
        "1 GB/Month",
        "0.115",
    ),
)
"""Service, product, SKU, meter, unit and price of what the price list has besides machines and disks."""

PRICE_FACTORS = {
    "USD": Decimal("1"),
    "EUR": Decimal("0.92"),
    "GBP": Decimal("0.79"),
    "CHF": Decimal("0.89"),
    "SEK": Decimal("10.5"),
    "AUD": Decimal("1.53"),
}
"""A list price in each currency, as a multiple of the price in dollars; Microsoft sets it apart from the day's rate."""

SUBSCRIPTION_NAMES = (
    ("Contoso Production", "prod", "EnterpriseAgreement_2014-09-01"),
    ("Contoso Data Platform", "prod", "EnterpriseAgreement_2014-09-01"),
    ("Contoso Development", "dev", "MSDNDevTest_2014-09-01"),
    ("Contoso UK Retail", "prod", "PayAsYouGo_2014-09-01"),
    ("Contoso Shared Services", "prod", "EnterpriseAgreement_2014-09-01"),
    ("Contoso Staging", "test", "EnterpriseAgreement_2014-09-01"),
)
"""Display name, environment and offer of the first subscriptions; later ones are numbered projects."""

WORKLOADS = ("shop", "erp", "web", "data", "crm", "iot", "hr", "search")
REGIONS = ("westeurope", "northeurope", "germanywestcentral", "eastus", "uksouth")
WORKDAY = {
    "flat": (100, 100, 100, 100, 100, 100, 100),
    "workday": (100, 100, 100, 100, 100, 0, 0),
    "busy": (104, 108, 110, 107, 101, 62, 55),
}
"""How many hundredths of an ordinary day each weekday uses, from Monday."""


def meter_id(service: str, product: str, name: str, location: str) -> str:
    """Return the guid of a meter, by which the bill and the price list name the same one."""
    place = SOLD_EVERYWHERE.get(product) or SOLD_EVERYWHERE.get(service) or location
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{service}/{name}/{place}"))


def unit_of(meter_name: str) -> str:
    """Return what one unit of a meter stands for on the bill, by the last word of its name; an hour of most."""
    units = {"Capacity": "1 GiB/Hour", "Disk": "1/Month", "Fees": "1/Month", "Stored": "1 GB/Month"}
    if meter_name.endswith("DTUs"):
        return "1/Day"
    return units.get(meter_name.rpartition(" ")[2], "1 Hour")
