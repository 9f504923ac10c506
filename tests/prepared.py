"""Lakes that are made once and then copied, since making one takes seconds.

`filled_once` is for homes that a refresh filled: once in a run of the tests. Of lakes without rows, tables and views
are made once per definition (`copied_where_alike`): it is what the product does for new homes, here also where a test
makes the warehouse itself, and with rules of its own.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import filelock
import pytest

from finops_lake.lake.files import LakeFiles
from finops_lake.lake.opening import Opening
from finops_lake.lake.sqlfiles import SqlFile
from finops_lake.lake.template import begin_from_template

Fill = Callable[[Path], None]

FOLDER = Path(tempfile.gettempdir()) / f"finops-lake-tests-{getpass.getuser()}"
PROGRAMS = FOLDER / "programs"
"""Where programs that tests start keep empty lakes: of all runs of the tests, and not the developer's own."""
AT_MOST = 60


def filled_once(factory: pytest.TempPathFactory, name: str, fill: Fill) -> Path:
    """Return a home of that name which `fill` filled once in this run, whichever of its processes came first.

    It is there to be copied, never to be written into.
    """
    run = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    home = run / f"filled-{name}"
    with filelock.FileLock(run / f"filled-{name}.lock"):
        if not home.exists():
            beginning = run / f"filling-{name}"
            shutil.rmtree(beginning, ignore_errors=True)
            fill(beginning)
            beginning.rename(home)
    return home


@contextmanager
def copied_where_alike() -> Iterator[None]:
    """Begin every new lake of the package's own SQL files in this process with a copy, made when it is first needed.

    The product keeps none of the user's own views; here those of a test may be used a hundred times.
    """
    began = Opening.begin

    def begin(opening: Opening) -> None:
        made_of, target = opening.definitions, opening.files.warehouse
        if made_of.sql is None:
            put_empty(opening, made_of.own_views, target)
        else:
            began(opening)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Opening, "begin", begin)
        yield


def put_empty(opening: Opening, views: Sequence[SqlFile], target: Path) -> None:
    """Put an empty lake with these views of a test's own at `target`; one with views is made from one without."""

    def make(folder: Path) -> Path:
        if views:
            put_empty(opening, (), LakeFiles(folder).warehouse)
        return opening.make_empty(folder, views)

    key, folder = opening.definitions.wanted(), PROGRAMS / "empty-lakes"
    if views:
        key, folder = f"{key} {tuple(views)}", FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with filelock.FileLock(folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.lock"):
        assert begin_from_template(folder, key, target, make, at_most=AT_MOST)
