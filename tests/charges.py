"""Read the ledger's charges in tests."""

from __future__ import annotations

from dataclasses import dataclass

from cocoai.answer import Books


@dataclass(frozen=True)
class Charge:
    """One row of the ledger, as far as tests look at it."""

    call: int
    month: str
    channel: str
    person: str
    model: str
    tier: str
    prompt: int | None
    cached: int | None
    written: int | None
    output: int | None
    reasoning: int | None
    held: int
    spent: int | None
    how: str | None


def charges(books: Books) -> list[Charge]:
    """Return all charges, in the order in which they were held."""
    names = ", ".join(Charge.__dataclass_fields__)
    query = f"SELECT {names} FROM charge ORDER BY id".replace("call,", "`call`,")
    return [Charge(*row) for row in books.ledger.store.read(lambda statements: statements.rows(query))]


def told_how(books: Books) -> list[str | None]:
    """Return how each charge is known, None for an open hold, in their order."""
    return [charge.how for charge in charges(books)]
