"""Data moves down, imports point up: which module may import which, and which package has which home."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "finops_lake"

EVERYTHING = {"*"}
MAY_IMPORT = {
    "__init__": set(),
    "errors": set(),
    "telemetry": set(),
    "when": set(),
    "scopes": set(),
    "config": {"errors", "when", "scopes"},
    "source": {"errors"},
    "journal": {"errors", "source"},
    "limits": {"source"},
    "azure_api": {"__init__", "errors", "telemetry", "config", "source", "journal", "limits"},
    "extract": {"errors", "source", "scopes", "azure_api"},
    "filerows": set(),
    "files": {"errors", "config", "extract", "azure_api", "filerows"},
    "lake": {"__init__", "errors", "source", "filerows"},
    "figures": {"errors", "source", "extract", "lake"},
    "allocation": {"errors", "answers", "lake"},
    "delivering": {"errors", "source", "filerows", "files", "collecting"},
    "collecting": {"delivering", "errors", "config", "source", "filerows", "files", "lake"},
    "plan": {"errors", "source"},
    "refresh_plan": {"errors", "source", "plan", "limits"},
    "sourcing": {"errors", "source", "scopes", "plan"},
    "filed": {"plan"},
    "coverage": {"config", "source", "scopes", "plan", "sourcing", "filed"},
    "closed_months": {"source", "plan", "coverage"},
    "pricing": {"source", "plan", "extract"},
    "fetching": {"errors", "telemetry", "source", "plan", "azure_api", "extract", "journal"},
    "refresh": {
        "errors",
        "figures",
        "closed_months",
        "pricing",
        "coverage",
        "sourcing",
        "limits",
        "refresh_plan",
        "telemetry",
        "config",
        "source",
        "plan",
        "fetching",
        "collecting",
        "azure_api",
        "extract",
        "lake",
        "journal",
    },
    "ondemand": {
        "errors",
        "closed_months",
        "coverage",
        "telemetry",
        "config",
        "source",
        "plan",
        "refresh",
        "azure_api",
        "extract",
        "lake",
        "journal",
    },
    "schedule": {"errors", "telemetry", "when", "config", "plan", "refresh", "journal"},
    "answers": {"errors", "journal", "source", "lake", "refresh", "refresh_plan"},
    "export": {"errors", "lake"},
    "app": {
        "errors",
        "allocation",
        "answers",
        "config",
        "lake",
        "refresh",
        "ondemand",
        "schedule",
        "azure_api",
        "extract",
        "journal",
    },
    "server": {
        *("__init__", "errors", "telemetry", "journal", "config", "source", "plan", "answers", "lake", "app"),
        *("refresh", "ondemand"),
    },
    "demo": {"errors", "config", "source"},
    "commands": EVERYTHING,
    "cli": EVERYTHING,
    "__main__": {"cli"},
}
"""The right-hand column of the drawing in docs/architecture.md."""

HOMES = {
    "azure": {"azure_api"},
    "duckdb": {"lake"},
    "mcp": {"server"},
    "mcp_types": {"server"},
    "apscheduler": {"schedule"},
    "opentelemetry": {"telemetry"},
}
"""Foreign packages that only their home may import, so that each can change alone."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of every import, those inside functions and TYPE_CHECKING included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} is a relative import"
            yield node.lineno, str(node.module)
            if node.module == "finops_lake":
                for alias in node.names:
                    yield node.lineno, f"finops_lake.{'__init__' if alias.name == '__version__' else alias.name}"


def test_every_layer_has_its_rule() -> None:
    assert {layer_of(path) for path in modules()} <= set(MAY_IMPORT)


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    layer = layer_of(path)
    allowed = MAY_IMPORT[layer]
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] == "finops_lake" and len(parts) > 1 and allowed != EVERYTHING:
            assert parts[1] == layer or parts[1] in allowed, f"{path.name}:{line}: {layer} may not import {parts[1]}"
        homes = HOMES.get(parts[0])
        assert homes is None or layer in homes, f"{path.name}:{line}: {parts[0]} has its home in {homes}"


def test_modules_use_only_packages_the_project_declares() -> None:
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {requirement.split(">")[0].split("[")[0].lower().replace("-", "_") for requirement in declared}
    provided = names | {"azure", "mcp_types", "opentelemetry"} | set(sys.stdlib_module_names) | {"finops_lake"}
    for path in modules():
        foreign = {name.split(".")[0] for _, name in imports(path)} - provided - {"anyio", "pydantic_core"}
        assert foreign == set(), f"{path.name} imports {foreign}, which pyproject.toml does not declare"
