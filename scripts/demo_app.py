"""A small run of order processing that reports to whatever SENTRY_DSN names; `make demo` runs it against the
inbox.

It writes an inventory, reads it into a database of its own, invoices some orders and fails in three ways: a
bad line that it survives, a shortage that is worth a message, and a bug that ends the program.
"""

from __future__ import annotations

import csv
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import sentry_like

INVENTORY = [
    ("sku", "name", "stock", "price"),
    ("T-100", "tea pot", "4", "24.90"),
    ("C-200", "cup", "31", "6.50"),
    ("S-300", "saucer", "a dozen", "3.20"),
    ("K-400", "kettle", "1", "59.00"),
]
ORDERS = [
    {"number": 7001, "lines": {"T-100": 1, "C-200": 6}},
    {"number": 7002, "lines": {"K-400": 2}},
    {"number": 7003, "lines": {"S-300": 2}},
]


def main() -> None:
    sentry_like.init(
        dsn=os.environ.get("SENTRY_DSN"),
        release="orders@1.4.2",
        environment="demo",
    )
    sentry_like.set_user({"id": "17", "username": "nightly-clerk"})
    sentry_like.set_tag("warehouse", "north")
    with (
        tempfile.TemporaryDirectory(prefix="orders-") as directory,
        closing(sqlite3.connect(":memory:")) as database,
    ):
        load_inventory(database, write_inventory(Path(directory) / "inventory.csv"))
        for order in ORDERS:
            sentry_like.set_tag("order", order["number"])
            print(f"order {order['number']}: {invoice(database, order)}")


def write_inventory(path: Path) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(INVENTORY)
    sentry_like.add_breadcrumb(
        category="file", message="inventory written", data={"rows": len(INVENTORY) - 1}
    )
    return path


def load_inventory(database: sqlite3.Connection, path: Path) -> None:
    database.execute("CREATE TABLE inventory (sku TEXT PRIMARY KEY, name TEXT, stock INTEGER, price TEXT)")
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            try:
                stock = int(row["stock"])
            except ValueError:
                # Handled: the run goes on without this article; stack and local variables are reported.
                sentry_like.capture_exception()
                continue
            database.execute(
                "INSERT INTO inventory VALUES (?, ?, ?, ?)",
                (row["sku"], row["name"], stock, row["price"]),
            )
    (count,) = database.execute("SELECT count(*) FROM inventory").fetchone()
    sentry_like.add_breadcrumb(category="inventory", message=f"{count} articles loaded")


def invoice(database: sqlite3.Connection, order: dict) -> Decimal:
    total = Decimal(0)
    for sku, quantity in order["lines"].items():
        stock, price = find_article(database, sku)
        if quantity > stock:
            with sentry_like.push_scope() as scope:  # what is set here is said of this message only
                scope.set_tag("sku", sku)
                sentry_like.capture_message(
                    f"only {stock} of {sku} left, {quantity} ordered", level="warning"
                )
            quantity = stock
        total += quantity * price
    sentry_like.add_breadcrumb(category="invoice", message=f"order {order['number']} comes to {total}")
    return total


def find_article(database: sqlite3.Connection, sku: str) -> tuple[int, Decimal]:
    query = "SELECT stock, price FROM inventory WHERE sku = ?"
    sentry_like.add_breadcrumb(type="query", category="query", message=query, data={"sku": sku})
    row = database.execute(query, (sku,)).fetchone()
    return row[0], Decimal(row[1])  # the bug: an article that was not loaded is not there


if __name__ == "__main__":
    sys.exit(main())
