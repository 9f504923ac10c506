"""Everything one simulator holds: the estate and its ledger, the clock, budgets, faults, tokens, requests."""

from __future__ import annotations

import threading
from collections import deque
from datetime import date, timedelta

from finops_lake.demo.billing import Billing
from finops_lake.demo.budgets import Budget, plan_budgets
from finops_lake.demo.calls import RecordedRequest
from finops_lake.demo.cost_details import Reports
from finops_lake.demo.estate import Estate, build_estate
from finops_lake.demo.faults import Faults
from finops_lake.demo.ledger import Ledger
from finops_lake.demo.model import EstateSpec
from finops_lake.demo.restatement import RestatedCharge, restate
from finops_lake.demo.results import PageCache
from finops_lake.demo.sign_in import Authority
from finops_lake.demo.throttle import Throttle
from finops_lake.demo.truth import Truth

KEPT_REQUESTS = 100_000
STILL_RESTATED_DAYS = 5
"""Azure restates a month until the fifth day of the next one."""


class World:
    """One invented Azure tenant, without the network. Methods may be called from any thread."""

    def __init__(self, spec: EstateSpec, throttle: Throttle, page_size: int, list_page_size: int) -> None:
        self.estate: Estate = build_estate(spec)
        self.ledger = Ledger(self.estate)
        self.authority = Authority(self.estate.tenant_id, self.estate_client_id())
        self.throttle = throttle
        self.faults = Faults()
        self.pages = PageCache()
        self.billing = Billing(self.estate)
        self.reports = Reports(self.ledger, self.billing)
        self.usage_page_size = 1000
        self.page_size = page_size
        self.list_page_size = list_page_size
        self.graph_page_size = 1000
        self.hidden: set[str] = set()
        """Subscriptions of which Resource Graph shows nothing, though they are listed: no role to read them."""
        self.requests: deque[RecordedRequest] = deque(maxlen=KEPT_REQUESTS)
        self.audience = ""
        self.metrics_audience = ""
        self.endpoint = ""
        self._restated: list[RestatedCharge] = []
        self._restatements = 0
        self._budgets: tuple[Budget, ...] | None = None
        self._lock = threading.RLock()

    def estate_client_id(self) -> str:
        """Return the application id that may sign in."""
        return self.estate.tenant_id[:-4] + "c1e7"

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """Return all budgets; their amounts are set from the ledger when they are first looked at."""
        with self._lock:
            if self._budgets is None:
                self._budgets = plan_budgets(self.ledger)
            return self._budgets

    def add_budget(self, budget: Budget) -> None:
        """Add a budget to those that are there."""
        with self._lock:
            self._budgets = (*self.budgets, budget)

    @property
    def truth(self) -> Truth:
        """Return the ledger of truth."""
        return Truth(self.ledger, self.budgets, self._restated)

    def advance(self, days: int = 1) -> date:
        """Move the clock on, and return the new day: today's charges are completed, late ones arrive."""
        with self._lock:
            _ = self.budgets
            self.ledger.today += timedelta(days=days)
            self.pages.clear()
            return self.ledger.today

    def restate(self, subscription_id: str | None = None, month: date | None = None) -> list[RestatedCharge]:
        """Restate one month of one subscription (default: of all) and return what was changed.

        The default month is the one that Azure restates today: last month's until the fifth, else the open one.
        """
        with self._lock:
            _ = self.budgets
            self._restatements += 1
            wanted = month or self.ledger.today - timedelta(days=STILL_RESTATED_DAYS)
            ids = [subscription_id] if subscription_id else list(self.estate.lines)
            changes = [
                item for name in ids for item in restate(self.ledger, name, wanted.replace(day=1), self._restatements)
            ]
            self._restated += changes
            self.pages.clear()
            return changes
