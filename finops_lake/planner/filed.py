"""Which months of which subscriptions files of bills cover, so that Azure need not be asked for them as well.

Files cover what counts in marts.charges (charges.candidates) as long as they are fresh by the rule that decides there,
too: loaded within three days, or, for a month that is closed, from three days before its closing on. Both readings of
cost must be there, and the export must be of the whole subscription.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from finops_lake.planner.due import closes_at

FRESH_FOR = timedelta(days=3)
"""As in sql/charges/candidates.sql: an older source gives way to what was loaded since."""

FILED_SQL = """with loads as (
    select
        case table_name when 'focus_charges' then 'focus' else 'cost_export' end as x_source,
        scope_id as x_scope_id,
        month as billing_month,
        min(last_success_at) as loaded_at,
    from meta.chunks
    where table_name in ('focus_charges', 'cost_exports') and last_success_at is not null
    group by all
    having bool_or(table_name = 'focus_charges') or count(distinct metric) = 2
), firsts as (
    select scope_id as x_scope_id, month as billing_month, min(finished_at) as since
    from meta.loads
    where table_name in ('focus_charges', 'cost_exports') and outcome = 'loaded'
    group by all
)
select account_id, x_scope_id, billing_month, loaded_at, since
from charges.candidates
inner join loads using (x_source, x_scope_id, billing_month)
inner join firsts using (x_scope_id, billing_month)
where is_counted and x_scope_id not like '/subscriptions/%/resourcegroups/%'"""
"""Rows of FiledMonth."""

_EXPORT = "/providers/microsoft.costmanagement/exports/"


@dataclass(frozen=True)
class FiledMonth:
    """A month of an account (as in charges.candidates) whose counted charges come from files.

    `file_scope` is the export's resource id or an address; `loaded_at` and `since` are the instants (UTC) of its latest
    and its first load.
    """

    account_id: str
    file_scope: str
    month: date
    loaded_at: datetime
    since: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Return whether Azure need not be asked for the month at `now`."""
        return self.loaded_at >= min(now, closes_at(self.month)) - FRESH_FOR

    def covers(self, scope_id: str) -> bool:
        """Return whether all charges of an ARM scope are in it: the account's own, beneath it, or the export's."""
        exported = self.file_scope.partition(_EXPORT)[0] if _EXPORT in self.file_scope else None
        within = [scope for scope in (self.account_id, exported) if scope and scope.startswith("/")]
        return any(scope_id == scope or scope_id.startswith(f"{scope}/") for scope in within)


def filed_months(rows: Iterable[FiledMonth], now: datetime) -> list[FiledMonth]:
    """Return the months that files cover freshly."""
    return [one for one in rows if one.is_fresh(now)]
