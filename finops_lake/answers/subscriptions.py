"""Which subscriptions a question is about: ids, names, or all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

SUBSCRIPTIONS_SQL = (
    "select sub_account_id, sub_account_name from marts.subscriptions order by sub_account_name, sub_account_id"
)


@dataclass(frozen=True)
class Subscription:
    """A subscription of the lake: /subscriptions/<guid> and its name."""

    sub_account_id: str
    name: str

    @property
    def guid(self) -> str:
        """The guid alone."""
        return self.sub_account_id.rpartition("/")[2]


def subscriptions_of(lake: LakeReader) -> list[Subscription]:
    """Return every subscription of the lake, by name."""
    return [Subscription(*row) for row in lake.recall(SUBSCRIPTIONS_SQL).rows]


def select_subscriptions(
    known: Sequence[Subscription], wanted: Iterable[str], field: str = "profiles"
) -> list[Subscription]:
    """Return the subscriptions meant by ids, names or name patterns (* and ?), without case; all for none or "all".

    A name that several subscriptions share selects them all. Raises InputError naming the nearest known one.
    """
    words = [word.strip() for word in wanted if word.strip()]
    if not words or any(word.lower() == "all" for word in words):
        return list(known)
    chosen: dict[str, Subscription] = {}
    for word in words:
        matches = [one for one in known if _matches(one, word.lower())]
        if not matches:
            raise InputError(field, word, _allowed(known, word))
        chosen.update((one.sub_account_id, one) for one in matches)
    return list(chosen.values())


def _matches(one: Subscription, word: str) -> bool:
    return (
        word.rstrip("/").rpartition("/")[2] == one.guid
        or fnmatchcase(one.name.lower(), word)
        or one.name.lower() == word
    )


def _allowed(known: Sequence[Subscription], word: str) -> str:
    names = [one.name for one in known]
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return f"{hint}the lake knows these subscriptions: {listed}" if names else "the lake knows no subscription yet"
