"""Every operation of the API, as listed in the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from drf_spectacular.generators import SchemaGenerator

from tests.api.fleet import SUBSCRIPTION_ID

METHODS: Final = ("get", "post", "put", "patch", "delete")
OPERATION_ID: Final = "00000000-0000-4000-8000-00000000000f"
# Values of the path parameters. Only the instance and the subscription exist. Azure is not called,
# as no request has a body.
_PARTS: Final = {
    "{name}": "contoso-a",
    "{id}": OPERATION_ID,
    "{subscription_id}": SUBSCRIPTION_ID,
}


class Route(NamedTuple):
    """A URL template and a method in lower case."""

    path: str
    method: str

    def __str__(self) -> str:
        """Return both, as the ID of a parametrised test."""
        return f"{self.method} {self.path}"

    @property
    def address(self) -> str:
        """The URL, with values for its parameters."""
        found = self.path
        for part, value in _PARTS.items():
            found = found.replace(part, value)
        return found.replace(f"/tokens/{OPERATION_ID}", "/tokens/1")


def document() -> dict[str, Any]:
    """Generate the schema from the code."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


def routes() -> list[Route]:
    """Return every operation."""
    return sorted(_routes(document()))


def _routes(schema: dict[str, Any]) -> Iterator[Route]:
    for path, item in schema["paths"].items():
        yield from (Route(path, method) for method in METHODS if method in item)
