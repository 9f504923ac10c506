"""Cost Management's throttles: requests by scope, tenant and client type, and query units (QPU).

Off unless switched on. Limits are those seen in practice: four requests a minute for a scope, twenty for a tenant
and for all callers without a ClientType header; 12, 60 and 600 query units in 10 seconds, a minute, an hour.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

PREFIX = "x-ms-ratelimit-microsoft.costmanagement"
REMAINING = "x-ms-ratelimit-remaining-microsoft.costmanagement"
USAGE_PER_MINUTE, WIDE_USAGE_PER_MINUTE = 10, 6
"""Pages of usage details a minute: of a subscription, of any wider scope."""


@dataclass
class _Window:
    seconds: float
    limit: int
    spent: deque[tuple[float, int]] = field(default_factory=deque)

    def remaining(self, now: float) -> int:
        while self.spent and self.spent[0][0] <= now - self.seconds:
            self.spent.popleft()
        return self.limit - sum(units for _, units in self.spent)

    def wait(self, now: float, units: int) -> float:
        """Return the seconds until `units` fit, 0 when they fit now."""
        free = self.remaining(now)
        if free >= units or not self.spent:
            return 0
        for at, spent in self.spent:
            free += spent
            if free >= units:
                return at + self.seconds - now
        return self.seconds


@dataclass
class Throttle:
    """The buckets of one tenant. `enabled` may change at any time; `clock` counts seconds."""

    enabled: bool = False
    entity_per_minute: int = 4
    tenant_per_minute: int = 20
    client_type_per_minute: int = 2000
    clock: Callable[[], float] = time.monotonic
    _windows: dict[str, _Window] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, scope: str, client_type: str | None, units: int) -> tuple[bool, dict[str, str]]:
        """Return whether a query may run, and the headers that go with the answer.

        As in 2020's recordings, answers with status 200 carry a retry-after too: it asks for nothing.
        """
        with self._lock:
            now = self.clock()
            windows = self._relevant(scope, client_type)
            waits = {name: window.wait(now, 1) for name, (kind, window) in windows.items() if kind != "qpu"}
            query_units = [window for kind, window in windows.values() if kind == "qpu"]
            waits["qpu"] = max(window.wait(now, units) for window in query_units)
            waits = {name: wait for name, wait in waits.items() if wait > 0} if self.enabled else {}
            if not waits and self.enabled:
                for kind, window in windows.values():
                    window.spent.append((now, units if kind == "qpu" else 1))
            remaining = {name: window.remaining(now) for name, (_, window) in windows.items()}
            return not waits, _headers(waits, remaining, client_type, units)

    def admit_usage(self, scope: str) -> tuple[bool, dict[str, str]]:
        """Return whether a page of usage details may be read, and the consumption API's own headers for a refusal."""
        with self._lock:
            now = self.clock()
            limit = USAGE_PER_MINUTE if scope.startswith("/subscriptions/") else WIDE_USAGE_PER_MINUTE
            window = self._window(f"usage/{scope}", 60, limit)
            wait = window.wait(now, 1) if self.enabled else 0
            if wait > 0:
                return False, {"x-ms-ratelimit-microsoft.consumption-retry-after": str(math.ceil(wait))}
            if self.enabled:
                window.spent.append((now, 1))
            return True, {}

    def _relevant(self, scope: str, client_type: str | None) -> dict[str, tuple[str, _Window]]:
        limit = self.client_type_per_minute if client_type else self.tenant_per_minute
        return {
            "entity": ("entity", self._window(f"entity/{scope}", 60, self.entity_per_minute)),
            "tenant": ("tenant", self._window("tenant", 60, self.tenant_per_minute)),
            "clienttype": ("clienttype", self._window(f"clienttype/{client_type}", 60, limit)),
            "QueriesPerHour": ("qpu", self._window("hour", 3600, 600)),
            "QueriesPerMin": ("qpu", self._window("minute", 60, 60)),
            "QueriesPer10Sec": ("qpu", self._window("seconds", 10, 12)),
        }

    def _window(self, name: str, seconds: float, limit: int) -> _Window:
        return self._windows.setdefault(name, _Window(seconds, limit))


def _headers(waits: dict[str, float], remaining: dict[str, int], client_type: str | None, units: int) -> dict[str, str]:
    quota = client_type or "DefaultQuota"
    headers = {
        f"{REMAINING}-{name}-requests": f"{quota}:{remaining[name]}" for name in ("entity", "tenant", "clienttype")
    }
    queries = ",".join(f"{name}:{left}" for name, left in remaining.items() if name.startswith("Queries"))
    headers |= {f"{PREFIX}-qpu-consumed": str(0 if waits else units), f"{PREFIX}-qpu-remaining": queries}
    shown = {name: math.ceil(wait) for name, wait in waits.items()} or {"entity": 60, "tenant": 60}
    return headers | {f"{PREFIX}-{name}-retry-after": str(seconds) for name, seconds in shown.items()}
