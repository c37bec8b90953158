"""Claims and query parameters: names that may each have several values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


class MultiValues(Mapping[str, str]):
    """A read-only mapping of names to the first of their values; `all` returns every one."""

    __slots__ = ("_values",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> str:
        return self._values[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"MultiValues({list(self.pairs())!r})"

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of `name`, in the order sent; none is an empty tuple."""
        return tuple(self._values.get(name, ()))

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield each name with each of its values."""
        for name, values in self._values.items():
            for value in values:
                yield name, value
