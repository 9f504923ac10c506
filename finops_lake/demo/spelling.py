"""The ways in which Azure writes the same thing: emptiness in three forms, ids and states in any case."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

ORDINARY_SEED = 1
"""The estate that is written as its builder says it; every other seed has a spelling of its own."""

STATES = frozenset({"state", "status", "operationalState", "connectionStatus", "serviceProviderProvisioningState"})
"""Properties whose values some services write in one case and some in another."""


class Spelling:
    """Writes the properties of an estate's resources; what they mean stays the same."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"{seed}/spelling") if seed != ORDINARY_SEED else None

    def of(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return properties in which an empty value may be missing or null, and ids and states are in any case."""
        if self._random is None:
            return dict(properties)
        return dict(self._pair(name, value) for name, value in properties.items() if not self._is_left_out(value))

    def _is_left_out(self, value: Any) -> bool:
        return value in ([], {}, None) and self._chosen(True, False, False)

    def _pair(self, name: str, value: Any) -> tuple[str, Any]:
        if name in STATES and isinstance(value, str):
            return name, self._chosen(value, value.lower(), value.upper())
        return name, self._value(value)

    def _value(self, value: Any) -> Any:
        if value in ([], {}):
            return self._chosen(value, None)
        if isinstance(value, Mapping):
            return self.of(value)
        if isinstance(value, list):
            return [self._value(one) for one in value]
        if isinstance(value, str) and value.startswith("/subscriptions/"):
            return self._chosen(value, value.lower(), value.upper())
        return value

    def _chosen(self, *ways: Any) -> Any:
        return self._random.choice(ways) if self._random else ways[0]
