"""Models with an explicit schema: create_all would look for them in "app", whatever the search_path is."""
from decimal import Decimal
from typing import List, Optional

from sqlalchemy import CheckConstraint, text
from sqlmodel import Field, Relationship, Session, SQLModel


class Customer(SQLModel, table=True):
    __table_args__ = {"schema": "app"}
    id: Optional[int] = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    invoices: List["Invoice"] = Relationship(back_populates="customer")


class Invoice(SQLModel, table=True):
    __table_args__ = (CheckConstraint("total >= 0", name="invoice_total"), {"schema": "app"})
    id: Optional[int] = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="app.customer.id", index=True)
    total: Decimal = Field(max_digits=12, decimal_places=2)
    paid: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    customer: Optional[Customer] = Relationship(back_populates="invoices")


def seed(session: Session) -> None:
    session.add(Invoice(customer=Customer(name="ACME"), total=Decimal("99.90")))
