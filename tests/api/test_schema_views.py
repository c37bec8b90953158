"""The schema is built once."""

from __future__ import annotations

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from api import schema_views


def test_builds_the_schema_once(monkeypatch: pytest.MonkeyPatch) -> None:
    schema_views._rendered.clear()  # noqa: SLF001
    built: list[None] = []
    build = SchemaGenerator.get_schema

    def counted(self: SchemaGenerator, *args: object, **kwargs: object) -> object:
        built.append(None)
        return build(self, *args, **kwargs)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(SchemaGenerator, "get_schema", counted)
    found = [Client().get("/api/v1/schema/") for _ in range(3)]
    assert {each.status_code for each in found} == {200}
    assert len({(each.content, each["Content-Type"]) for each in found}) == 1
    assert len(built) == 1
    assert Client().get("/api/v1/schema/?format=json")["Content-Type"].startswith("application/")
