"""`python -m tests.evaluation`: the questions, and how they are answered."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import anyio

from finops_lake.app import App
from finops_lake.demo.server import LocalAzure
from finops_lake.planner.due import Demand
from tests.conftest import TODAY, settings_for
from tests.evaluation.form import all_questions
from tests.evaluation.run import evaluate, report


def main() -> None:
    """Fill a lake from a local Azure, ask, and print."""
    with tempfile.TemporaryDirectory() as folder, LocalAzure(today=TODAY, resources=8, days=84) as azure:
        os.environ.update(azure.environment())
        App(settings_for(azure, Path(folder))).refresher().refresh(Demand())
        print(report(anyio.run(evaluate, azure, Path(folder), all_questions())))


if __name__ == "__main__":
    main()
