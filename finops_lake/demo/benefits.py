"""Reservations and savings plans of the estate: their ids, and what each costs and saves by the ledger."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from finops_lake.demo.ledger import Ledger


@dataclass(frozen=True)
class Commitment:
    """One reservation or savings plan; `used` is the percentage used each day, `ends_in` days from today."""

    name: str
    kind: str
    sku: str
    quantity: int
    used: int
    ends_in: int
    renews: bool = False


COMMITMENTS = (
    Commitment("vm-d2s-busy", "Reservation", "Standard_D2s_v5", 4, 100, 400, renews=True),
    Commitment("vm-d2s-half", "Reservation", "Standard_D2s_v5", 3, 46, 280),
    Commitment("sql-ending", "Reservation", "SQLDB_GP_Compute_Gen5", 2, 97, 21),
    Commitment("compute-plan", "SavingsPlan", "Compute_Savings_Plan", 1, 72, 610),
    Commitment("ending-plan", "SavingsPlan", "Compute_Savings_Plan", 1, 96, 34),
)


def guid(tenant_id: str, *parts: str) -> str:
    """Return a guid that depends on the estate and the parts alone."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join((tenant_id, *parts))))


def order_id(tenant_id: str, item: Commitment) -> str:
    """Return the id of the order that a commitment was bought by."""
    place = (
        "microsoft.capacity/reservationOrders"
        if item.kind == "Reservation"
        else "Microsoft.BillingBenefits/savingsPlanOrders"
    )
    return f"/providers/{place}/{guid(tenant_id, 'order', item.name)}"


def benefit_id(tenant_id: str, item: Commitment) -> str:
    """Return the id of a commitment beneath its order, as listings and bills name it."""
    kind = "reservations" if item.kind == "Reservation" else "savingsPlans"
    return f"{order_id(tenant_id, item)}/{kind}/{guid(tenant_id, item.name)}"


def benefit_named(tenant_id: str, name: str | None) -> str:
    """Return the id of the commitment of this name; empty for none."""
    return next((benefit_id(tenant_id, item) for item in COMMITMENTS if item.name == name), "")


@dataclass
class Spent:
    """Amortized cost of a commitment's used and unused part, and what the used part would cost on demand."""

    used: Decimal = Decimal(0)
    unused: Decimal = Decimal(0)
    on_demand: Decimal = Decimal(0)

    @property
    def savings(self) -> Decimal:
        """Return what it saved; negative for a loss."""
        return self.on_demand - self.used - self.unused


def spent(ledger: Ledger, first: date, last: date) -> dict[tuple[str | None, str], Spent]:
    """Return the money of each commitment by name and currency; the name is None for unused rows without one."""
    found: dict[tuple[str | None, str], Spent] = {}
    for charge in ledger.between(first, last):
        line = charge.line
        if line.charge_type.startswith("Unused"):
            found.setdefault((line.benefit, line.currency), Spent()).unused += charge.amortized_cost
        elif line.benefit and line.charge_type == "Usage":
            one = found.setdefault((line.benefit, line.currency), Spent())
            one.used += charge.amortized_cost
            one.on_demand += charge.quantity * line.contracted_price
    return found
