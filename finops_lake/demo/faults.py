"""Faults that a test, or another process, switches on: which requests they hit, how often, and what happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from finops_lake.demo.calls import UNAUTHORIZED, Call
from finops_lake.demo.ready_faults import READY, Effect, always
from finops_lake.demo.replies import Reply
from finops_lake.errors import InputError


@dataclass
class Fault:
    """One fault. It hits requests that match every value given, after letting `after` of them pass, `times` times.

    `operations` empty means any operation of ARM (signing in only when named); `path` is a part of the path in
    any case; `times` None means until it is removed. `hits` counts.
    """

    effect: Effect
    name: str = "fault"
    operations: tuple[str, ...] = ()
    method: str | None = None
    path: str | None = None
    subscription: str | None = None
    page: int | None = None
    after: int = 0
    times: int | None = 1
    hits: int = 0
    passed: int = field(default=0, repr=False)

    def matches(self, call: Call) -> bool:
        """Tell whether this fault is meant for a request."""
        meant = call.operation in self.operations if self.operations else call.operation not in UNAUTHORIZED
        return (
            meant
            and (self.method is None or self.method.upper() == call.method)
            and (self.path is None or self.path.lower() in call.path.lower())
            and (self.subscription is None or self.subscription.lower() == call.subscription_id)
            and (self.page is None or (self.page > 1) == any("skiptoken" in name.lower() for name in call.query))
        )


class Faults:
    """The faults that are switched on, oldest first; the first that matches a request decides its fate."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(
        self,
        fault: Fault | Reply | str,
        *,
        operation: str | Iterable[str] | None = None,
        method: str | None = None,
        path: str | None = None,
        subscription: str | None = None,
        page: int | None = None,
        after: int = 0,
        times: int | str | None = "as usual",
        **options: Any,
    ) -> Fault:
        """Switch on a fault: one of the ready-made ones by its name, a fixed reply, or one of your own.

        `page` 1 is the first page of a listing or query, 2 any later one. `options` are those of the ready-made
        fault, such as `retry_after`. `times` None keeps it on; most ready-made ones hit once.
        """
        if isinstance(fault, Fault):
            made = fault
        else:
            name = fault if isinstance(fault, str) else f"status {fault.status}"
            effect, usual_operations, usual_times = _resolve(fault, options)
            operations = (operation,) if isinstance(operation, str) else tuple(operation or usual_operations)
            count = usual_times if times == "as usual" else times
            made = Fault(effect, name, operations, method, path, subscription, page, after, count)  # type: ignore[arg-type]
        with self._lock:
            self._faults.append(made)
        return made

    def remove(self, fault: Fault) -> None:
        """Switch one fault off."""
        with self._lock:
            self._faults = [item for item in self._faults if item is not fault]

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Return the faults that are on, as JSON can carry them."""
        hidden = ("effect", "passed")
        return [
            {name: value for name, value in vars(item).items() if name not in hidden} for item in list(self._faults)
        ]

    def take(self, call: Call) -> Fault | None:
        """Return the fault that hits this request, counting it, or None."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(call) or (fault.times is not None and fault.hits >= fault.times):
                    continue
                if fault.passed < fault.after:
                    fault.passed += 1
                    continue
                fault.hits += 1
                return fault
        return None


def _resolve(fault: Reply | str, options: dict[str, Any]) -> tuple[Effect, tuple[str, ...], int | None]:
    if isinstance(fault, Reply):
        return always(fault), (), 1
    if fault not in READY:
        raise InputError("fault", fault, f"choose among {', '.join(sorted(READY))}")
    ready = READY[fault]
    return ready.build(**options), ready.operations, ready.times


Answer = Callable[[], Reply]
"""Gives the reply that the request would have had without the fault."""
