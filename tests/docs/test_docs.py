"""The pages of docs/ against the code they describe."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from finops_lake.cli import COMMANDS
from finops_lake.commands import exits
from finops_lake.server.catalog import TOOLS
from tests.docs.render import DOCS, PAGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "run: python -m tests.docs.render"


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (page.parent / link).exists(), f"{page.name} links to {link}"


def test_readme_has_its_length_and_its_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 100 <= len(text.splitlines()) <= 175
    commands = re.findall(r"<!-- command: (\w+) -->\n```console\n(.+)\n```", text)
    assert [name for name, _ in commands] == ["demo", "test"]
    assert all("pip --python .venv install" in command for _, command in commands)


def test_every_command_and_exit_code_is_documented() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"| `{command}` |" in text, f"operations.md does not list {command}"
    for code in exits.MEANINGS:
        assert f"| {code} |" in text, f"operations.md does not list exit code {code}"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tools = re.findall(r"^## (\w+)$", (DOCS / "tools.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert tools == [entry.name for entry in TOOLS]
    assert all(f"`{tool}`" in readme for tool in tools)


def test_every_page_is_there_and_every_module_of_the_drawing_exists() -> None:
    pages = {
        "architecture",
        "tools",
        "tables",
        "audits",
        "permissions",
        "operations",
        "performance",
        "decisions",
        "changelog",
    }
    assert {page.stem for page in DOCS.glob("*.md")} == pages
    drawing = (DOCS / "architecture.md").read_text(encoding="utf-8").split("```")[1]
    for name in re.findall(r"^  (\w+(?:\.py|/))", drawing, re.MULTILINE):
        inside = ROOT / "finops_lake" / name
        assert inside.exists() or (ROOT / "sql" / name).exists(), f"architecture.md draws {name}"


def test_no_page_or_module_names_a_machine() -> None:
    wrong = re.compile(r"(?<![\w/.~])/(root|work|home)/\w")
    for path in [ROOT / "README.md", *DOCS.glob("*.md"), *(ROOT / "finops_lake").rglob("*.py")]:
        found = wrong.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.name} has {found and found[0]}"
