"""Which Azure we talk to: its address, the audience of its tokens, and who signs us in.

Nothing of azure.* is imported here, because read-only paths ask for the origin of a lake, too.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from finops_lake.config import Settings


@dataclass(frozen=True)
class Cloud:
    """One Azure. `authority` is None when the environment's own default applies.

    `storage_suffix` ends the names of the hosts that its storage accounts have for blobs. `metrics_endpoint` is where
    Azure Monitor answers, with {region} in it, and `metrics_scope` of what audience its tokens are; None: nowhere.
    """

    name: str
    arm_endpoint: str
    scope: str
    authority: str | None
    storage_suffix: str
    is_custom: bool = False
    metrics_endpoint: str | None = None
    metrics_scope: str | None = None

    @property
    def origin(self) -> str:
        """Name where data comes from: public, usgov, china, loopback, or the address of a custom endpoint.

        A loopback has one name whatever its port, because a local Azure gets another port each time.
        """
        if not self.is_custom:
            return self.name
        parts = urlsplit(self.arm_endpoint)
        host = (parts.hostname or "").lower()
        if is_loopback(host):
            return "loopback"
        return f"https://{host}" if parts.port in (None, 443) else f"https://{host}:{parts.port}"


# The audience of US Government tokens is not the address of its endpoint (so in azure.mgmt.core.tools, too).
CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            "public",
            "https://management.azure.com",
            "https://management.azure.com/.default",
            "https://login.microsoftonline.com",
            "blob.core.windows.net",
            metrics_endpoint="https://{region}.metrics.monitor.azure.com",
            metrics_scope="https://metrics.monitor.azure.com/.default",
        ),
        Cloud(
            "usgov",
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net/.default",
            "https://login.microsoftonline.us",
            "blob.core.usgovcloudapi.net",
            metrics_endpoint="https://{region}.metrics.monitor.azure.us",
            metrics_scope="https://metrics.monitor.azure.us/.default",
        ),
        Cloud(
            "china",
            "https://management.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/.default",
            "https://login.chinacloudapi.cn",
            "blob.core.chinacloudapi.cn",
            metrics_endpoint="https://{region}.metrics.monitor.azure.cn",
            metrics_scope="https://metrics.monitor.azure.cn/.default",
        ),
    )
}

KNOWN_AUTHORITIES = frozenset(
    {
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
        "login.windows.net",
    }
)
"""Sign-in hosts that Microsoft's instance discovery knows; any other one would be refused by it."""


def cloud_of(settings: Settings) -> Cloud:
    """Return the Azure these settings point at.

    An endpoint that is one of the known clouds' own counts as that cloud, so it gets that cloud's audience.
    """
    known = CLOUDS[settings.cloud]
    endpoint = (settings.arm_endpoint or known.arm_endpoint).rstrip("/")
    for cloud in CLOUDS.values():
        if urlsplit(endpoint).netloc.lower().removesuffix(":443") == urlsplit(cloud.arm_endpoint).netloc:
            return _with_metrics(
                replace(
                    cloud,
                    scope=settings.arm_scope or cloud.scope,
                    authority=settings.authority_host or cloud.authority,
                ),
                settings,
            )
    custom = Cloud(
        "custom",
        endpoint,
        settings.arm_scope or f"{endpoint}/.default",
        settings.authority_host,
        known.storage_suffix,
        is_custom=True,
    )
    return _with_metrics(custom, settings)


def _with_metrics(cloud: Cloud, settings: Settings) -> Cloud:
    """Return the cloud with the metrics address of the settings, whose tokens are for an audience of its own."""
    endpoint, scope = settings.metrics_endpoint, settings.metrics_scope
    if endpoint is None:
        return replace(cloud, metrics_scope=scope or cloud.metrics_scope)
    host = urlsplit(endpoint).netloc.replace("{region}.", "")
    return replace(cloud, metrics_endpoint=endpoint, metrics_scope=scope or f"https://{host}/.default")


def is_known_authority(authority: str | None) -> bool:
    """Return whether an authority (None: the default) is one of Microsoft's own."""
    return authority is None or (urlsplit(authority).hostname or "").lower() in KNOWN_AUTHORITIES


def is_loopback(host: str) -> bool:
    """Return whether a host is this very machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
