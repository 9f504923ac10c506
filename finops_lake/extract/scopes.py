"""ARM scopes as text."""

from __future__ import annotations


def normal_scope(scope: str) -> str:
    """Return a scope with one leading slash, none trailing, lower-cased; "/" for the whole sign-in."""
    return "/" + scope.strip().strip("/").lower()


def subscription_of(scope: str) -> str:
    """Return the subscription guid of a scope at or below a subscription."""
    return scope.strip("/").split("/")[1]
