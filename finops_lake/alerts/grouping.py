"""One alert for several findings that are told together: their money, and the first of them by name."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from finops_lake.alerts.candidate import Candidate, money

NAMED = 5
"""How many of several things are named in a text."""


def merged(kind: str, members: Sequence[Candidate], amount: Decimal | None) -> Candidate:
    """Return one candidate for several of a group; `amount` is the money that is new in all of them."""
    first, count = members[0], len(members)
    rest = f"; and {count - NAMED} more" if count > NAMED else ""
    if kind == "waste":
        named = sorted(members, key=lambda one: one.amount or Decimal(0), reverse=True)[:NAMED]
        total = money(amount or Decimal(0), first.billing_currency)
        title = f"{count} new finding{'' if count == 1 else 's'} waste {total} a month"
        detail = "; ".join(one.detail for one in named) + rest
    elif kind == "stale_refresh":
        title = f"{count} table{'' if count == 1 else 's'} of the lake {'is' if count == 1 else 'are'} overdue"
        detail = "; ".join(one.detail for one in members[:NAMED]) + rest
    else:
        tables = ", ".join(one.cause.partition("|")[0] for one in members[:NAMED]) + rest.replace(";", "")
        title, detail = first.title, f"{tables}: {first.detail}"
    alone = count == 1
    return Candidate(
        cause=f"{kind}|{first.group}",
        title=title,
        detail=detail,
        severity=first.severity,
        amount=amount,
        billing_currency=first.billing_currency,
        sub_account_id=first.sub_account_id if alone or kind == "failed_refresh" else None,
        sub_account_name=first.sub_account_name if alone or kind == "failed_refresh" else None,
        resource_id=first.resource_id if alone else None,
        recurs=first.recurs,
    )
