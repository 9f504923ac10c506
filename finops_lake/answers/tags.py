"""Which tag keys the lake knows, so that a misspelt one is not taken for one that nothing carries."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from finops_lake.errors import InputError
from finops_lake.lake.reader import LakeReader

TAG_KEYS_SQL = """select tag_key, count(*) as uses from (
    select tag_key from marts.resource_tags
    union all
    select lower(unnest(json_keys(tags))) as tag_key
    from (select distinct tags from marts.charges where tags is not null)
) group by all order by uses desc, tag_key"""

KEYS_LISTED = 15


def check_tags(lake: LakeReader, keys: Sequence[str], field: str = "tags") -> None:
    """Raise InputError for a key (lower case) that nothing in the lake carries, naming the nearest that exist."""
    if not keys:
        return
    known = [row[0] for row in lake.recall(TAG_KEYS_SQL).rows]
    for key in keys:
        if key not in known:
            raise InputError(field, key, _allowed(known, key))


def _allowed(known: Sequence[str], key: str) -> str:
    if not known:
        return "the lake knows no tag at all yet: tags come with the listing of resources and with detailed bills"
    near = get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    more = f" and {len(known) - KEYS_LISTED} more" if len(known) > KEYS_LISTED else ""
    return f"{hint}the lake knows the tag keys {', '.join(known[:KEYS_LISTED])}{more}"
