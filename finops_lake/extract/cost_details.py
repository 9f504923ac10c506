"""The cost details report of one scope and month: every line of the bill, for Enterprise and Customer Agreements."""

from __future__ import annotations

from datetime import timedelta

from finops_lake.azure_api.clients import AzureClients
from finops_lake.errors import BadRequestError, NotFoundError, UnreachableError, UnsupportedOfferError
from finops_lake.extract.cost_csv import read_lines
from finops_lake.extract.cost_lines import SCHEMA, check_month, days_of, lines_source
from finops_lake.extract.spool import Spool
from finops_lake.source import Api, Chunk, Fetched

SOURCE = lines_source(
    "cost_details",
    "Lines of the bill from cost details reports (EA and MCA), one metric per load.",
    timedelta(hours=24),  # Azure makes one report per scope, month, metric and day
    api=Api.COST_REPORT,
    calls=3,
)


def fetch(azure: AzureClients, chunk: Chunk) -> Fetched:
    """Return a month of one metric; orders a report, or takes up one that was ordered within the last day."""
    try:
        return _fetched(azure, chunk)
    except (BadRequestError, NotFoundError) as error:  # Azure says so in many words where there are no reports
        raise UnsupportedOfferError(error.message, next_step=error.next_step, code=error.code) from error


def _fetched(azure: AzureClients, chunk: Chunk) -> Fetched:
    first, last = days_of(chunk)
    what = f"Cost details report of {chunk.scope_id} for {first:%Y-%m}"
    inexact = 0
    with azure.cost_report(chunk, first, last) as report, Spool(SCHEMA, azure.scratch) as spool:
        for number, file in enumerate(report.files, 1):
            name = f"{what}, file {number} of {len(report.files)}"
            for table, count in read_lines(file, name, is_compressed=report.is_compressed):
                check_month(table, first, last, name)
                spool.add(table)
                inexact += count
        if report.files and not spool.num_rows:
            raise UnreachableError(f"{what}: Azure says it is completed, and its files have no line.")
        return Fetched(spool.finish(), inexact_amounts=inexact)
