"""Data moves down, imports point up: which module may import which, and which package has which home."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "finops_lake"

EVERYTHING = {"everything"}
DRAWING = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]
_ENTRY = re.compile(r"^  (?=\S)", re.MULTILINE)


def _drawn() -> Iterator[tuple[list[str], set[str]]]:
    """Yield (layers, what they import) of each entry of the drawing, from the top down."""
    package = DRAWING.split("\nsql/")[0]
    for entry in _ENTRY.split(package)[1:]:
        entry = entry.split("\n\n")[0]  # what follows is a heading
        layers = [re.sub(r"(/|\.py)$", "", name) for name in re.split(r"[,\s]+", _first_column(entry))]
        imported = re.split(r"[,\s]+", entry.rpartition("->")[2].strip())
        yield layers, set(imported) - {"nothing"}


def _first_column(entry: str) -> str:
    """Return the names that an entry begins with; two blanks or the end of the line end them."""
    return re.split(r"  |\n", entry, maxsplit=1)[0].strip()


MAY_IMPORT = {layer: imported for layers, imported in _drawn() for layer in layers}
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


def test_drawing_names_every_layer_and_no_other() -> None:
    assert {layer_of(path) for path in modules()} == set(MAY_IMPORT)


def test_layers_import_only_what_stands_above_them() -> None:
    above: set[str] = set()
    for layers, imported in _drawn():
        assert imported - EVERYTHING <= above, f"{layers} import what is drawn beneath them: {imported - above}"
        above.update(layers)


@pytest.mark.parametrize("layer", [layer for layer, imported in MAY_IMPORT.items() if imported != EVERYTHING])
def test_drawing_names_no_import_that_is_not_there(layer: str) -> None:
    (together,) = (layers for layers, _ in _drawn() if layer in layers)
    found = {
        name.split(".")[1]
        for path in modules()
        if layer_of(path) in together
        for _, name in imports(path)
        if name.startswith("finops_lake.")
    }
    assert MAY_IMPORT[layer] <= found, "docs/architecture.md draws an import that is gone"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    layer = layer_of(path)
    allowed = MAY_IMPORT[layer]
    (together,) = (layers for layers, _ in _drawn() if layer in layers)
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] == "finops_lake" and len(parts) > 1 and allowed != EVERYTHING:
            assert parts[1] in together or parts[1] in allowed, f"{path.name}:{line}: {layer} may not import {parts[1]}"
        homes = HOMES.get(parts[0])
        assert homes is None or layer in homes, f"{path.name}:{line}: {parts[0]} has its home in {homes}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Inside a package, too, imports point one way; those for types alone do not count."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in modules()}
    graph = {name: {found for found in _run_imports(path) if found in names} - {name} for name, path in names.items()}
    try:
        order = tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"modules that import each other: {' <- '.join(error.args[1])}")
    assert set(order) == set(names)


def _run_imports(path: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports when it is imported itself."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:  # under `if TYPE_CHECKING` or in functions is not run
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_modules_use_only_packages_the_project_declares() -> None:
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {requirement.split(">")[0].split("[")[0].lower().replace("-", "_") for requirement in declared}
    provided = names | {"azure", "mcp_types", "opentelemetry"} | set(sys.stdlib_module_names) | {"finops_lake"}
    for path in modules():
        foreign = {name.split(".")[0] for _, name in imports(path)} - provided - {"anyio", "pydantic_core"}
        assert foreign == set(), f"{path.name} imports {foreign}, which pyproject.toml does not declare"
