"""`finops-lake export`: marts as Parquet."""

from __future__ import annotations

from pathlib import Path

import click

from finops_lake.commands.common import app_of, named
from finops_lake.commands.machine import print_json
from finops_lake.commands.tables import Column, amount_column, print_table
from finops_lake.commands.verbosity import verbose_option


@click.command("export", short_help="Write marts as Parquet.")
@click.argument("marts", nargs=-1, metavar="[MART]...")
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="Where to.")
@click.option("--hive", is_flag=True, help="A folder per mart, partitioned by billing_month where it has one.")
@click.option("--overwrite", is_flag=True, help="Replace what an earlier export wrote.")
@click.option("--json", "style", flag_value="json", default=None, help="Print what was written as JSON.")
@verbose_option
@click.pass_context
def command(
    context: click.Context, marts: tuple[str, ...], folder: Path, hive: bool, overwrite: bool, style: str | None
) -> None:
    """Write each MART (default: all) to FOLDER/<mart>.parquet, or with --hive to a folder of files per mart.

    All marts come from the same state of the lake, and replace earlier files only when all are complete.
    """
    from finops_lake.export.parquet import export_parquet

    app = app_of(context)
    with named(mart="MART"):
        written = export_parquet(app.lake, marts, folder, hive=hive, overwrite=overwrite)
    if style == "json":
        rows = [
            {
                "mart": one.mart,
                "path": str(one.path),
                "row_count": one.row_count,
                "file_count": one.file_count,
                "size_bytes": one.size_bytes,
            }
            for one in written
        ]
        print_json(rows)
        return
    print_table(
        [Column("Mart"), *map(amount_column, ("Rows", "Files", "KB")), Column("Written to")],
        [
            [
                one.mart,
                f"{one.row_count:,}",
                str(one.file_count),
                f"{-(-one.size_bytes // 1024):,}",
                str(one.path),
            ]
            for one in written
        ],
    )
