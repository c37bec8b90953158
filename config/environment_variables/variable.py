"""Environment variables as values: `Variable` declares one, and `Environment` reads all.

A `Variable` says its name, type, default and help once. Values are taken literally: `$` and `{`
have no meaning. An error names the variable and what it accepts, and never quotes the value, which
may be a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


class Invalid(ValueError):
    """A value that a variable does not accept. The text continues "<NAME> ..."."""


@dataclass(frozen=True)
class Variable(Generic[T]):
    """One environment variable. `example` is its value in `.env.example` where that is not set.

    One that `is_required` has no default value for a deployment: it must be set.
    """

    name: str
    parse: Callable[[str], T]
    default: T
    help: str
    example: str = ""
    is_required: bool = False

    def read(self, values: Mapping[str, str]) -> T:
        """Return the value, or the default where the variable is unset. Raises Invalid."""
        text = values.get(self.name)
        if text is not None:
            return self.parse(text.strip())
        if self.is_required:
            raise Invalid("must be set, in the environment or in the file .env")
        return self.default


@dataclass(frozen=True, slots=True)
class External:
    """A variable that a library reads, listed for completeness."""

    name: str
    help: str
    example: str = ""


class Environment:
    """The values of all variables, read and validated together."""

    def __init__(self, variables: Iterable[Variable[Any]], values: Mapping[str, str]) -> None:
        """Read every variable. Raises ImproperlyConfigured with one message for each error."""
        self._values: dict[str, Any] = {}
        errors = []
        for variable in variables:
            try:
                self._values[variable.name] = variable.read(values)
            except Invalid as error:
                errors.append(f"{variable.name} {error}.")
        if errors:
            raise ImproperlyConfigured("\n".join(errors))

    def __getitem__(self, variable: Variable[T]) -> T:
        """Return the variable's value."""
        value: T = self._values[variable.name]
        return value
