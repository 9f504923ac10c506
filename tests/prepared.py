"""Lakes without rows: their tables and views are made once per definition and then copied, since it takes seconds.

It is what the product does for new homes, here also where a test makes the warehouse itself, and with rules of its own.
"""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from finops_lake.lake.template import begin_from_template
from finops_lake.lake.writer import Warehouse

FOLDER = Path(tempfile.gettempdir()) / f"finops-lake-tests-{getpass.getuser()}"
AT_MOST = 60


@contextmanager
def copied_where_alike() -> Iterator[None]:
    """Begin every new lake of the package's own SQL files in this process with a copy, made when it is first needed."""
    began = Warehouse._begin

    def begin(warehouse: Warehouse) -> None:
        made_of = warehouse.definitions
        if made_of.sql is None and not made_of.own_checks:
            target, make = warehouse.files.warehouse, warehouse._make_empty
            assert begin_from_template(FOLDER, made_of.wanted(), target, make, at_most=AT_MOST)
        else:
            began(warehouse)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Warehouse, "_begin", begin)
        yield
