"""Addition to counters that are rows, many rows with one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

from django.db import connections, models, router

# Values of one statement where the database has no lower limit.
_MAX_VALUES: Final = 20_000


def increment(
    model: type[models.Model],
    columns: Sequence[str],
    unique: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Insert rows, or add the last column to the rows that exist.

    `columns` and `unique` are names of fields: `rows` have values of `columns` in this order, the
    last of which is the counter, and `unique` are those of a unique constraint. No two of the rows
    may have the same unique values.

    Give the rows in one order everywhere: two processes that add to the same rows must not wait
    for each other. Call it in a transaction. Raises DatabaseError.
    """
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    fields = {field.name: field for field in model._meta.local_concrete_fields}  # noqa: SLF001
    prepare = [fields[name].get_db_prep_save for name in columns]
    keys = ", ".join(quote(str(fields[name].column)) for name in unique)
    table = quote(model._meta.db_table)  # noqa: SLF001  Django's API
    names = [quote(str(fields[name].column)) for name in columns]
    # bulk_create(update_conflicts=True) can replace a value, and not add to it.
    before = f"INSERT INTO {table} ({', '.join(names)}) VALUES "  # noqa: S608  Only quoted names
    after = (
        f" ON CONFLICT ({keys}) DO UPDATE SET {names[-1]} = {table}.{names[-1]} + "
        f"excluded.{names[-1]}"
    )
    placeholders = f"({', '.join(['%s'] * len(columns))})"
    number = (connection.features.max_query_params or _MAX_VALUES) // len(columns)
    remaining = iter(rows)
    with connection.cursor() as cursor:
        while batch := list(islice(remaining, number)):
            values = [
                prepared(value, connection)
                for row in batch
                for prepared, value in zip(prepare, row, strict=True)
            ]
            cursor.execute(before + ", ".join([placeholders] * len(batch)) + after, values)
