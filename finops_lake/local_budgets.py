"""Budgets of the user's own configuration, for those who may not create any in Azure: [[budgets]] in config.toml.

[[budgets]]
name = "web team"
amount = 5000
currency = "EUR"
scope = "/subscriptions/<guid>/resourceGroups/rg-web"         # left out: everything in the lake
filter = [{ dimension = "virtual:team", values = ["web"] }]   # all must hold; conditions as get_cost takes them
period = "month"                                              # or "quarter" or "year"
start = 2026-01-01
end = 2026-12-31
thresholds = [{ percent = 80 }, { percent = 100, kind = "Forecasted" }]
owner = "web@contoso.example"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from finops_lake.scopes import CostScope, kind_of, normal_scope

SCOPE_KINDS = (
    CostScope.SUBSCRIPTION,
    CostScope.RESOURCE_GROUP,
    CostScope.MANAGEMENT_GROUP,
    CostScope.BILLING_ACCOUNT,
    CostScope.BILLING_PROFILE,
    CostScope.INVOICE_SECTION,
    CostScope.INVOICE_SECTION_OF_ACCOUNT,
)
"""What charges tell the scope of; departments, enrolment accounts and customers they do not."""

CheckFilter = Callable[[Sequence[object]], None]
"""Raises ValueError, or InputError, for conditions that cannot be applied to charges."""


def _capital(value: object) -> object:
    return value.strip().capitalize() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is needed")
    return value


Number = Annotated[Decimal, BeforeValidator(_no_truth)]


class Threshold(BaseModel):
    """A share of the amount, in percent, that somebody wants to hear of: once spent (Actual), or as forecast."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    percent: Number = Field(gt=0, le=1000, decimal_places=2)
    kind: Annotated[Literal["Actual", "Forecasted"], BeforeValidator(_capital)] = "Actual"


class LocalBudget(BaseModel):
    """One budget: what may be spent per period in a currency, of which charges. Days are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=80)
    amount: Number = Field(gt=0, max_digits=20, decimal_places=6)
    currency: str = Field(pattern=r"^[A-Za-z]{3}$")
    scope: str | None = None
    filter: tuple[Mapping[str, Any], ...] = ()
    period: Annotated[Literal["month", "quarter", "year"], BeforeValidator(_lower)] = "month"
    start: date = date(2000, 1, 1)
    end: date | None = None
    thresholds: tuple[Threshold, ...] = ()
    owner: str | None = Field(None, min_length=1, max_length=200)

    @property
    def budget_id(self) -> str:
        """The id by which the lake knows it."""
        return f"local:{self.name.lower()}"

    @property
    def scope_id(self) -> str:
        """Its scope in lower case; / for everything in the lake."""
        return self.scope or "/"

    @field_validator("name")
    @classmethod
    def _readable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("a name without control characters is needed")
        return value

    @field_validator("currency")
    @classmethod
    def _in_capitals(cls, value: str) -> str:
        return value.upper()

    @field_validator("scope")
    @classmethod
    def _known_scope(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if (kind := kind_of(value)) not in SCOPE_KINDS:
            raise ValueError(f"charges do not tell what belongs to a {kind.words}")
        return normal_scope(value)

    @field_validator("filter")
    @classmethod
    def _applicable(cls, value: tuple[Mapping[str, Any], ...], info: ValidationInfo) -> tuple[Mapping[str, Any], ...]:
        check: CheckFilter | None = (info.context or {}).get("check_filter")
        if check is not None and value:
            check(value)
        return value

    @field_validator("start", "end", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if isinstance(value, datetime) or not isinstance(value, date | None):
            raise ValueError("a day is needed, such as 2026-01-01 without quotes")
        return value

    @field_validator("start")
    @classmethod
    def _first_of_a_month(cls, value: date) -> date:
        if value.day != 1:
            raise ValueError("periods begin on the first day of a month")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> LocalBudget:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"the end {self.end} is before the start {self.start}")
        return self


def check_names(budgets: Sequence[LocalBudget]) -> None:
    """Raise ValueError for names that several budgets share: they would be one in the lake."""
    names = [one.name.lower() for one in budgets]
    twice = sorted({one.name for one in budgets if names.count(one.name.lower()) > 1})
    if twice:
        raise ValueError(f"several are named {', '.join(twice)}; names must differ, also without case")
