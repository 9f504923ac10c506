"""One container of Azure Storage, read-only: what it holds, and its blobs as files on this machine.

`azure-storage-blob` rather than pyarrow's Azure file system: it takes the same credential, certificates and retries
as everything else here, and its listings carry the ETag by which an unchanged file is known.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from finops_lake.azure_api.clouds import cloud_of
from finops_lake.config import Settings
from finops_lake.errors import InputError

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

KNOWN_HOSTS = (".blob.core.windows.net", ".blob.core.usgovcloudapi.net", ".blob.core.chinacloudapi.cn")
"""Hosts that are asked with a token of ours; any other one only with the SAS its own URL brings."""

_DFS = (".dfs.core.", ".blob.core.")


@dataclass(frozen=True)
class ContainerAddress:
    """Where a container is. `sas` is a secret: it is sent to that host and shown nowhere."""

    account_url: str
    container: str
    prefix: str
    sas: str

    def __repr__(self) -> str:
        return f"ContainerAddress({self.url!r})"

    @property
    def url(self) -> str:
        """The address without its secret."""
        return f"{self.account_url}/{self.container}" + (f"/{self.prefix}" if self.prefix else "")

    @property
    def is_known(self) -> bool:
        """Whether the host is Azure Storage of a known cloud, so that our token may go there."""
        parts = urlsplit(self.account_url)
        return parts.scheme == "https" and (parts.hostname or "").endswith(KNOWN_HOSTS)


@dataclass(frozen=True)
class Blob:
    """A blob as listed: its full name in the container, its bytes, and its ETag."""

    name: str
    size: int
    etag: str
    modified: float


def parse_address(text: str) -> ContainerAddress:
    """Return the container of an https:// or abfss:// address, whose query may be a SAS.

    http:// and an account in the path (as emulators have it) are taken for a loopback only. Raises InputError.
    """
    parts = urlsplit(text)
    shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    if parts.scheme in ("abfss", "abfs"):
        if not parts.username or not parts.hostname:
            raise InputError("location", shown, "write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER")
        host = parts.hostname.replace(*_DFS)
        return ContainerAddress(f"https://{host}", parts.username, "/".join(segments), parts.query)
    is_emulator = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not is_emulator:
        raise InputError("location", shown, "an https:// address is needed, because a token or SAS is sent there")
    host = (parts.netloc.rpartition("@")[2]).replace(*_DFS)
    account = f"/{segments.pop(0)}" if is_emulator and segments else ""
    if not segments:
        raise InputError("location", shown, "name the container: https://ACCOUNT.blob.core.windows.net/CONTAINER")
    return ContainerAddress(f"{parts.scheme}://{host}{account}", segments[0], "/".join(segments[1:]), parts.query)


class BlobContainer:
    """Lists and downloads the blobs of one container; nothing is ever written there."""

    def __init__(self, address: ContainerAddress, settings: Settings, credential: Any = None) -> None:
        self.address = address
        self._settings = settings
        self._credential = credential
        self._built: ContainerClient | None = None
        self._own: Any = None

    def list(self) -> list[Blob]:
        """Return the blobs under the address's prefix; one call per 5,000 of them."""
        with self._translated("Listing"):
            found = self._client().list_blobs(name_starts_with=self.address.prefix or None)
            return [_blob(item) for item in found if not _is_folder(item)]

    def read(self, name: str, limit: int) -> bytes:
        """Return a small blob; at most `limit` bytes."""
        with self._translated("Reading", name):
            content: bytes = self._client().download_blob(name, offset=0, length=limit).readall()
            return content

    def save(self, name: str, path: Path, etag: str) -> None:
        """Write a blob to a file, whatever its size in bounded memory; fails if it is no longer what was listed."""
        from azure.core import MatchConditions

        with self._translated("Reading", name), path.open("wb") as file:
            self._client().download_blob(
                name, etag=etag, match_condition=MatchConditions.IfNotModified, max_concurrency=4
            ).readinto(file)

    def close(self) -> None:
        """Close the connections, and the credential where it is ours."""
        for one in (self._built, self._own):
            if one is not None:
                one.close()
        self._built = self._own = None

    def _client(self) -> ContainerClient:
        if self._built is None:
            from azure.storage.blob import ContainerClient

            from finops_lake.azure_api.sdk import build_transport, quieten

            quieten(self._settings)
            self._built = ContainerClient(
                self.address.account_url,
                self.address.container,
                credential=self._secret(),
                transport=build_transport(self._settings),
                retry_total=self._settings.max_retries,
                logging_enable=False,
            )
        return self._built

    def _secret(self) -> Any:
        if self.address.sas:
            from azure.core.credentials import AzureSasCredential

            return AzureSasCredential(self.address.sas)
        if self._credential is not None:
            return self._credential
        if not self.address.is_known:
            raise InputError(
                "location", self.address.url, "a host that is not Azure Storage gets no token; add a SAS to the URL"
            )
        from finops_lake.azure_api.signin import build_credential

        self._own = build_credential(self._settings, cloud_of(self._settings))
        return self._own

    @contextlib.contextmanager
    def _translated(self, doing: str, name: str = "") -> Iterator[None]:
        from azure.core.exceptions import AzureError

        from finops_lake.azure_api.storage_errors import storage_refusal

        try:
            yield
        except AzureError as error:
            raise storage_refusal(error, doing, self.address.url, name) from None  # the cause has the SAS


def _blob(item: Any) -> Blob:
    return Blob(item.name, int(item.size or 0), str(item.etag).strip('"'), item.last_modified.timestamp())


def _is_folder(item: Any) -> bool:
    """A container with folders (hierarchical namespace) lists them as blobs without content."""
    return bool((item.metadata or {}).get("hdi_isfolder")) if item.size == 0 else False
