"""Lakes that are made once and then copied, since making one takes seconds.

`filled_once` is for homes that a refresh filled: once in a run of the tests. Of lakes without rows, tables and views
are made once per definition (`copied_where_alike`): it is what the product does for new homes, here also where a test
makes the warehouse itself, and with rules of its own.
"""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import filelock
import pytest

from finops_lake.lake.opening import Opening
from finops_lake.lake.template import begin_from_template

Fill = Callable[[Path], None]

FOLDER = Path(tempfile.gettempdir()) / f"finops-lake-tests-{getpass.getuser()}"
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
            key = f"{made_of.wanted()} {made_of.own_views}"
            make = partial(opening.make_empty, views=made_of.own_views)
            assert begin_from_template(FOLDER, key, target, make, at_most=AT_MOST)
        else:
            began(opening)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Opening, "begin", begin)
        yield
