"""ARM scopes as text."""

from __future__ import annotations

from finops_lake.scopes import normal_scope

__all__ = ["normal_scope", "subscription_of"]


def subscription_of(scope: str) -> str:
    """Return the subscription guid of a scope at or below a subscription."""
    return scope.strip("/").split("/")[1]
