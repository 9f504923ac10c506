"""Made-up estates: months of daily charges with a weekly rhythm, growth, noise, purchases and refunds, and anomalies.

Everything follows from the seed. Costs are per resource, service and day, in whole cents; what is planted is known, so
that what a detector finds can be counted, and what a forecaster says can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from math import exp
from random import Random
from typing import Any, Literal

Kind = Literal["spike", "step", "ramp", "vanished", "new"]

KINDS: tuple[tuple[Kind, ...], ...] = (("spike",), ("step",), ("ramp",), ("vanished", "new"))
SERVICES = (
    "Virtual Machines",
    "Storage",
    "SQL Database",
    "Azure Kubernetes Service",
    "Bandwidth",
    "Log Analytics",
    "Azure App Service",
    "Azure Cosmos DB",
    "Key Vault",
    "Azure Cognitive Search",
    "Functions",
    "Azure Data Factory",
)
NEW_SERVICES = ("Azure OpenAI", "Azure Databricks", "Microsoft Fabric", "Azure Firewall")
RHYTHMS = {
    "flat": (1.0,) * 7,
    "workday": (1.0, 1.02, 1.03, 1.0, 0.97, 0.45, 0.4),
    "office": (1.0, 1.0, 1.0, 1.0, 0.95, 0.12, 0.1),
    "weekend": (0.8, 0.8, 0.85, 0.9, 1.1, 1.4, 1.35),
}
SETTLING_IN = 75
"""Days at the start of an estate in which nothing is planted: what is unusual is only known after a while."""


@dataclass(frozen=True)
class Planted:
    """One planted anomaly: where, when (both days inclusive), and what it adds up to."""

    kind: Kind
    sub_account_id: str
    service_name: str
    resource_id: str
    start: date
    end: date
    money: Decimal


@dataclass
class Line:
    """What one service charges for one resource."""

    service_name: str
    resource_id: str
    region_id: str
    base: float
    rhythm: str
    noise: float
    growth: float
    first: date
    last: date


@dataclass
class Estate:
    """Charges as rows of marts.charges (the columns that are known), and what is planted in them."""

    seed: int
    start: date
    end: date
    charges: list[dict[str, Any]] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)

    @property
    def subscriptions(self) -> list[str]:
        """The subscriptions that have charges."""
        return sorted({charge["sub_account_id"] for charge in self.charges})


def make_estate(
    seed: int, *, end: date = date(2026, 10, 31), days: int = 180, subscriptions: int = 3, anomalies: bool = True
) -> Estate:
    """Return the estate of a seed; without `anomalies` it has everything else."""
    rng = Random(f"estate/{seed}")
    estate = Estate(seed, end - timedelta(days=days - 1), end)
    for number in range(subscriptions):
        _Subscription(estate, rng, f"/subscriptions/{seed:08}-0000-0000-0000-{number:012}").fill(anomalies)
    return estate


class _Subscription:
    """Writes the charges of one subscription into an estate."""

    def __init__(self, estate: Estate, rng: Random, sub_account_id: str) -> None:
        self.estate = estate
        self.rng = rng
        self.id = sub_account_id
        self.extra: dict[tuple[str, str, date], float] = {}
        self.weeks: dict[tuple[str, int], float] = {}

    def fill(self, anomalies: bool) -> None:
        """Write usage, what is planted, and what is bought and given back."""
        lines = [line for service in self.rng.sample(SERVICES, self.rng.randint(6, 9)) for line in self._lines(service)]
        if anomalies:
            self._plant(lines)
        for line in lines:
            self._use(line)
        self._buy(lines)

    def _lines(self, service: str) -> Iterator[Line]:
        rng, estate = self.rng, self.estate
        rhythm, growth = rng.choice(tuple(RHYTHMS)), rng.uniform(-0.02, 0.06)
        size = exp(rng.uniform(2.2, 5.2))
        shares = [rng.uniform(0.3, 1) for _ in range(rng.randint(2, 5))]
        for number, share in enumerate(shares):
            yield Line(
                service,
                self._resource(service, number),
                rng.choice(("westeurope", "northeurope")),
                size * share / sum(shares),
                rhythm,
                rng.uniform(0.02, 0.2),
                growth,
                estate.start,
                estate.end,
            )
        for number in range(rng.randint(0, 2)):
            first = estate.start + timedelta(days=rng.randrange(20, (estate.end - estate.start).days))
            last = min(first + timedelta(days=rng.randrange(10, 90)), estate.end)
            small = size * rng.uniform(0.01, 0.05)
            yield Line(
                service, self._resource(service, 100 + number), "westeurope", small, "flat", 0.05, 0, first, last
            )

    def _resource(self, service: str, number: int) -> str:
        name = service.lower().replace(" ", "")
        return f"{self.id}/resourcegroups/rg-{name}/providers/test.{name}/things/{name}-{number}"

    def _plant(self, lines: list[Line]) -> None:
        """Plant one anomaly of each of the four kinds, each in a service of its own."""
        rng, estate = self.rng, self.estate
        services = rng.sample(sorted({line.service_name for line in lines}), 4)
        window = (estate.end - estate.start).days - SETTLING_IN
        for kinds, service in zip(KINDS, services, strict=True):
            kind = rng.choice(kinds)
            start = estate.start + timedelta(days=SETTLING_IN + rng.randrange(max(window - 32, 1)))
            own = [line for line in lines if line.service_name == service and line.base > 0]
            getattr(self, f"_{kind}")(lines, own, start)

    def _note(self, kind: Kind, service: str, resource: str, start: date, end: date, money: float) -> None:
        planted = Planted(kind, self.id, service, resource, start, min(end, self.estate.end), _cents(money))
        self.estate.planted.append(planted)

    def _add(self, kind: Kind, own: list[Line], start: date, amounts: list[float]) -> None:
        resource = self.rng.choice(own[:2])
        for number, amount in enumerate(amounts):
            self.extra[resource.service_name, resource.resource_id, start + timedelta(days=number)] = amount
        end = start + timedelta(days=len(amounts) - 1)
        self._note(kind, resource.service_name, resource.resource_id, start, end, sum(amounts))

    def _spike(self, _: list[Line], own: list[Line], start: date) -> None:
        usual = max(sum(line.base for line in own), 12)
        self._add("spike", own, start, [usual * self.rng.uniform(0.7, 5)] * self.rng.randint(1, 3))

    def _step(self, _: list[Line], own: list[Line], start: date) -> None:
        usual = max(sum(line.base for line in own), 30)
        height = usual * self.rng.uniform(0.35, 1.5)
        self._add("step", own, start, [height] * ((self.estate.end - start).days + 1))

    def _ramp(self, _: list[Line], own: list[Line], start: date) -> None:
        usual, length = max(sum(line.base for line in own), 30), self.rng.randint(14, 28)
        height = usual * self.rng.uniform(0.5, 1.5)
        rising = [height * (number + 1) / length for number in range(length)]
        self._add("ramp", own, start, rising + [height] * ((self.estate.end - start).days - length))

    def _vanished(self, lines: list[Line], own: list[Line], start: date) -> None:
        scale = max(1.0, 25 / sum(line.base for line in own))
        for line in own:
            line.base *= scale
            line.last = min(line.last, start - timedelta(days=1))
        lost = sum(line.base for line in own) * ((self.estate.end - start).days + 1)
        self._note("vanished", own[0].service_name, own[0].resource_id, start, self.estate.end, lost)

    def _new(self, lines: list[Line], _: list[Line], start: date) -> None:
        service, base = self.rng.choice(NEW_SERVICES), self.rng.uniform(20, 150)
        resource = self._resource(service, 0)
        lines.append(Line(service, resource, "westeurope", base, "flat", 0.08, 0, start, self.estate.end))
        self._note("new", service, resource, start, self.estate.end, base * ((self.estate.end - start).days + 1))

    def _use(self, line: Line) -> None:
        day = self.estate.start
        while day <= self.estate.end:
            months = (day - self.estate.start).days / 30
            noise = exp(self.rng.gauss(0, line.noise)) * self._week(line.service_name, day)
            cost = line.base * (1 + line.growth) ** months * RHYTHMS[line.rhythm][day.weekday()] * noise
            if not line.first <= day <= line.last:
                cost = 0
            cost += self.extra.get((line.service_name, line.resource_id, day), 0)
            if cost:
                self._charge(day, line.service_name, cost, resource=line.resource_id, region=line.region_id)
            day += timedelta(days=1)

    def _week(self, service: str, day: date) -> float:
        key = service, day.toordinal() // 7
        if key not in self.weeks:
            self.weeks[key] = exp(self.rng.gauss(0, 0.025))
        return self.weeks[key]

    def _buy(self, lines: list[Line]) -> None:
        """Write month-start purchases (a reservation, and a fee that no source tells from usage) and refunds."""
        rng, estate = self.rng, self.estate
        reservation, fee = rng.uniform(200, 2000), rng.uniform(50, 900)
        month = estate.start.replace(day=1)
        while month <= estate.end:
            if month >= estate.start:
                self._charge(month, "Virtual Machines", reservation, effective=0)
                self._charge(month, "SaaS", fee)
            refunded = month + timedelta(days=rng.randrange(28))
            if rng.random() < 0.5 and estate.start <= refunded <= estate.end:
                line = rng.choice(lines)
                self._charge(refunded, "Credits", -line.base * rng.uniform(1, 5), resource=line.resource_id)
            month = (month + timedelta(days=32)).replace(day=1)

    def _charge(
        self,
        day: date,
        service: str,
        cost: float,
        *,
        effective: float | None = None,
        resource: str | None = None,
        region: str | None = None,
    ) -> None:
        self.estate.charges.append(
            {
                "charge_period_start": day,
                "billing_month": day.replace(day=1),
                "sub_account_id": self.id,
                "service_name": service,
                "resource_id": resource,
                "region_id": region,
                "billing_currency": "EUR",
                "billed_cost": _cents(cost),
                "effective_cost": _cents(cost if effective is None else effective),
                "charge_category": None,
                "x_source": "query",
            }
        )


def _cents(amount: float) -> Decimal:
    return Decimal(round(amount * 100)).scaleb(-2)
