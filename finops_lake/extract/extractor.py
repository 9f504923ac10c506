"""A raw table and how its chunks are fetched: one by one, or many in one question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from finops_lake.azure_api.clients import AzureClients
from finops_lake.errors import FinopsLakeError
from finops_lake.source import Chunk, Fetched, Source

Fetch = Callable[[AzureClients, Chunk], Fetched]
FetchMany = Callable[[AzureClients, Sequence[Chunk]], Mapping[Chunk, Fetched | FinopsLakeError]]
"""Gives what became of every chunk asked for; an error raised means all of them."""


@dataclass(frozen=True)
class Extractor:
    """A raw table and the function that fetches one chunk of it.

    Where Azure answers for many scopes at once, `fetch_many` takes up to the source's `batch` of chunks together.
    """

    source: Source
    fetch: Fetch
    fetch_many: FetchMany | None = None
