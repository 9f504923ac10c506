"""Writes the pages of docs/ that are made from the code: `python -m tests.docs.render`.

tables.md and audits.md come from the headers of the SQL files and from the sources, tools.md from the server's
descriptions; test_docs.py compares them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
from mcp.client import Client

from finops_lake.app import App
from finops_lake.config import load_settings
from finops_lake.extract.catalog import SOURCES
from finops_lake.lake.reader import LakeReader
from finops_lake.lake.schema import OWN_COLUMNS
from finops_lake.lake.sqlfiles import SqlFile, read_sql_files, sql_folder
from finops_lake.lake.writer import Warehouse
from finops_lake.server.build import build_server

DOCS = Path(__file__).resolve().parents[2] / "docs"

Column = tuple[str, str, str]
Relations = dict[tuple[str, str], list[Column]]

TABLES_INTRO = """# Tables

Made from the headers of the SQL files and from the sources by `python -m tests.docs.render`; the same words are the
comments in DuckDB (`select * from duckdb_columns()`). Amounts are `decimal(38, 24)` in the currency beside them,
`*_date` and months are UTC days, `*_at` UTC instants, ids are lower case. Null means not known, never 0.

In the DuckDB shell every mart and audit is also found without its schema (`from charges`). `marts` is the stable
interface; `staging` and `raw` may change with Azure.
"""

AUDITS_INTRO = """# Audit checks

Made from the headers of the SQL files by `python -m tests.docs.render`. A check is one SQL file in `sql/audits/`;
all have the same output. A check lists a resource only if something is to be said about it, with one of these verdicts:

- `waste`: it costs money and nothing uses it; only these count in totals.
- `not_applicable`: it looks like waste and is not, for the reason given (too young, managed by another service, ...).
- `undetermined`: it cannot be judged, because Azure did not say or the listing was not complete.
- every other resource of the population is fine.

The monthly saving is the resource's own billed cost of its last 30 complete days (a day counts as complete when three
more days have passed), in its own currency. The confidence is `high` when the state is known to have lasted for the whole
window, else `medium`.

Where no charge names the resource, because it is too new, because its subscription's cost cannot be read, or because charges
of its meter carry no resource, the price of its meters stands in for the bill, in this order:

| `saving_source` | confidence | |
| --- | --- | --- |
| `price_paid_elsewhere` | medium | Unit price of on-demand charges of the same meter in the last 30 complete days: of its subscription, else of all, where they agree to a percent. |
| `price_sheet` | medium | Unit price of the newest price sheet (of an export, or of the API), in the currency of the bill, where it has one for the meter. |
| `retail_price` | low | Public price: by consumption, not Spot, in force, without tiers by volume (but for a free first one); Dev/Test prices for Dev/Test subscriptions. |
| `not_priced` | | Null, never 0: `not_priced_because` in the evidence says why. |

`marts.sku_meters` tells the meters by SKU (managed disks of all kinds, public addresses and their prefixes, NAT, VPN, ExpressRoute and application gateways,
load balancers, firewalls, bastions, private endpoints, DDoS plans, App Service plans, machines, Front Door profiles, storage of stopped database servers, SQL by DTU), and only what is paid for
being there: data processed, capacity units beyond those reserved, operations and the licences of images come on top. A month has 730 hours. Where not exactly one meter
fits, there is no price. A resource whose subscription's bill names others on days when it was there already is not priced by
a list either: the bill says that it costs nothing. A price is money, never a verdict: what is too young stays not applicable.

A check with `needs: metrics` judges by use, and is withheld where metrics are not switched on (operations.md, Metrics).

`set variable minimum_age_days = 7` changes, in the shell, how old a resource must be before it can be waste (default 3).
"""


TOOLS_INTRO = """# MCP tools

Made from the server's own descriptions by `python -m tests.docs.render`. `finops-lake serve` serves them over stdio or
HTTP, in the 2025 and the 2026 protocol. Unknown arguments are refused, and every mistake of a call is told at once.

Tools with `max_wait_seconds` refresh what is stale before they answer, for at most that time, with progress; past that the
answer comes from what is there, and says so. They take the parameters of the Azure FinOps MCP server in both of its
spellings (`profiles` or `subscription_id`, `tags` or `filter_tag`, ...); spellings that contradict each other are refused.

## The envelope of every answer

The same facts stand in the text and in the structured content, because some clients show a model only one of them.

| field | |
| --- | --- |
| `columns`, `rows` | the rows, as lists in the order of the columns; amounts as text with every digit |
| `row_count`, `truncated` | how many rows there are, and whether some are not listed |
| `totals` | one per currency, over all rows, also those not listed |
| `metric`, `currency`, `currencies`, `period` | what is summed, in which currency (null when there are several), over which UTC days |
| `as_of` | the oldest load the answer rests on (UTC); null when nothing is loaded |
| `open_days` | the days that Azure may still restate |
| `scopes` | subscriptions included, and those missing with outcome, reason and next step |
| `notes` | what else to know, such as a refresh that still runs |
| `sql` | the SQL that gave the rows; it runs as it stands in `query_lake` and in the DuckDB shell |

Beside these an audit has `checks` (what was looked at and found, per check) and `budgets` (those in danger), the budget status
has `counts`, the lake status has `lake` and `months`, a query has `types`, `offset`, `next_offset` and `result_id`. Text cells are cleaned of control, zero-width and direction characters
and cut at 200 characters; an answer is kept below about 20 KB unless `limit` asks for more.
"""


def columns_of_relations() -> Relations:
    """Return (schema, table) -> [(column, DuckDB type, comment)] in their order, from a real lake."""
    home = Path(tempfile.mkdtemp(prefix="finops-lake-docs-"))
    try:
        warehouse = Warehouse(home, SOURCES, origin="docs", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
        with warehouse.lock(0):
            with warehouse.open():
                pass
            warehouse.publish()
        lake = LakeReader(home)
        rows = lake.query(
            "select schema_name, table_name, column_name, data_type, comment from duckdb_columns()"
            " where not internal order by schema_name, table_name, column_index"
        ).rows
        lake.close()
    finally:
        shutil.rmtree(home)
    found: Relations = {}
    for schema, table, column, kind, comment in rows:
        found.setdefault((schema, table), []).append((column, kind, comment or ""))
    return found


def tables_page() -> str:
    """Return docs/tables.md."""
    relations = columns_of_relations()
    files = read_sql_files(sql_folder())
    parts = [TABLES_INTRO]
    for schema, title in (
        ("marts", "Marts"),
        ("charges", "Charges: what each source gives for marts.charges"),
        ("meta", "Meta: what the lake knows about itself"),
        ("staging", "Staging"),
    ):
        parts.append(f"\n## {title}\n")
        parts += [_view(file, relations) for file in files if file.schema == schema]
    parts.append("\n## Raw: what Azure said\n")
    parts.append(
        "\nEach raw table has these columns, too: `_scope_id` (scope that was asked), `_month` and `_metric` (of monthly\n"
        "tables), `_load_id` (its row in `meta.loads`) and `_loaded_at` (UTC).\n"
    )
    for source in SOURCES:
        key = ", ".join(f"`{column}`" for column in source.key) or "none"
        stale = f"stale after {source.max_age.total_seconds() / 3600:g} h"
        lines = [f"\n### raw.{source.table}\n", f"\n{source.comment} Key: {key}; {stale}.\n\n"]
        lines += ["| column | type | |\n", "| --- | --- | --- |\n"]
        lines += _columns(column for column in relations["raw", source.table] if column[0] not in OWN_COLUMNS)
        parts.append("".join(lines))
    return "".join(parts)


def audits_page() -> str:
    """Return docs/audits.md."""
    files = [file for file in read_sql_files(sql_folder()) if file.schema == "audits"]
    rows = [f"| `{name}` | {_cell(text)} |\n" for name, text in files[0].folder_columns.items()]
    output = ["\n## Output of every check\n\n", "| column | |\n| --- | --- |\n", *rows]
    return "".join([AUDITS_INTRO, *output, *(_audit(file) for file in files)])


def _macro(file: SqlFile) -> str:
    """Return the text of a table macro: its parameters, its columns, and how it is called."""
    lines = [f"\n### {file.view}(...)\n", f"\n{file.description} Grain: {file.headers.get('grain', '')}.\n"]
    lines += ["\n| parameter | default | |\n", "| --- | --- | --- |\n"]
    lines += [
        f"| `{name}` | {f'`{one.default}`' if one.default is not None else 'must be given'} | {_cell(one.text)} |\n"
        for name, one in file.parameters.items()
    ]
    lines += ["\n| column | |\n", "| --- | --- |\n"]
    lines += [f"| `{name}` | {_cell(text)} |\n" for name, text in file.columns.items()]
    return "".join([*lines, f"\n    select * from {file.example};\n"])


def _view(file: SqlFile, relations: Relations) -> str:
    if file.is_macro:
        return _macro(file)
    lines = [f"\n### {file.view}\n", f"\n{file.description} Grain: {file.headers.get('grain', '')}.\n"]
    if "source" in file.headers:
        lines.append(f"Source of the rule: {file.headers['source']}.\n")
    lines += ["\n| column | type | |\n", "| --- | --- | --- |\n"]
    return "".join([*lines, *_columns(relations[file.schema, file.name])])


def _columns(columns: Iterable[Column]) -> list[str]:
    return [f"| `{name}` | {kind} | {_cell(text)} |\n" for name, kind, text in columns]


def _audit(file: SqlFile) -> str:
    facts = "".join(_facts(file))
    return f"\n## {file.name}: {file.headers['title']}\n\n{file.description}\n\n{facts}"


def _facts(file: SqlFile) -> Iterator[str]:
    for key in ("severity", "category", "population", "needs", "fix", "source"):
        if key in file.headers:
            yield f"- {key}: {file.headers[key]}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def tools_page() -> str:
    """Return docs/tools.md, from what a client is told."""
    settings = load_settings({"FINOPS_LAKE_HOME": "unused"})

    async def listed() -> tuple[list[Any], list[Any], list[Any]]:
        async with Client(build_server(App(settings))) as client:
            resources = [*(await client.list_resources()).resources]
            resources += (await client.list_resource_templates()).resource_templates
            return list((await client.list_tools()).tools), list((await client.list_prompts()).prompts), resources

    tools, prompts, resources = anyio.run(listed)
    return TOOLS_INTRO + "".join(_tool(tool) for tool in tools) + _prompts(prompts) + _resources(resources)


def _prompts(prompts: list[Any]) -> str:
    lines = ["\n# Prompts\n\n| prompt | arguments | |\n| --- | --- | --- |\n"]
    for prompt in prompts:
        names = ", ".join(f"`{one.name}`" for one in prompt.arguments)
        lines.append(f"| `{prompt.name}` | {names} | {_cell(prompt.description)} |\n")
    return "".join(lines)


def _resources(resources: list[Any]) -> str:
    lines = ["\n# Resources\n\n| address | |\n| --- | --- |\n"]
    for one in resources:
        address = getattr(one, "uri_template", None) or one.uri
        lines.append(f"| `{address}` | {_cell(one.description)} |\n")
    return "".join(lines)


def _tool(tool: Any) -> str:
    lines = [f"\n## {tool.name}\n\n{tool.description}\n"]
    if tool.input_schema["properties"]:
        lines.append("\n| parameter | type | default | |\n| --- | --- | --- | --- |\n")
        for name, schema in tool.input_schema["properties"].items():
            default = f"`{json.dumps(schema['default'])}`" if "default" in schema else ""
            lines.append(f"| `{name}` | {_cell(_type(schema))} | {default} | {_cell(schema['description'])} |\n")
    return "".join(lines)


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    bounds = [f"{word} {schema[key]:g}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([schema["type"], *bounds])


PAGES = {"tables.md": tables_page, "audits.md": audits_page, "tools.md": tools_page}


def main() -> None:
    """Write every page that is made from the code."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
