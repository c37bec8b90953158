"""The schema is built once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from api.schema import views

Builds = list[None]


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Builds:
    """An entry for each schema that is built."""
    views._rendered.clear()  # noqa: SLF001
    built: Builds = []
    build = SchemaGenerator.get_schema

    def counted(self: SchemaGenerator, *args: object, **kwargs: object) -> object:
        built.append(None)
        return build(self, *args, **kwargs)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(SchemaGenerator, "get_schema", counted)
    return built


def test_builds_the_schema_once(builds: Builds) -> None:
    found = [Client().get("/api/v1/schema/") for _ in range(3)]
    assert {each.status_code for each in found} == {200}
    assert len({(each.content, each["Content-Type"]) for each in found}) == 1
    assert len(builds) == 1
    assert Client().get("/api/v1/schema/?format=json")["Content-Type"].startswith("application/")


def test_builds_the_schema_once_whatever_the_query(builds: Builds) -> None:
    for query in ("", "?lang=de", "?version=v2", "?x=1"):
        assert Client().get(f"/api/v1/schema/{query}").status_code == 200
    assert len(builds) == 1


def test_query_of_the_first_request_does_not_change_the_schema(builds: Builds) -> None:
    asked = Client().get("/api/v1/schema/?version=other&lang=de")
    plain = Client().get("/api/v1/schema/")
    assert b"other" not in asked.content[:500]
    assert "other" not in plain["Content-Disposition"]
    assert asked.content == plain.content
    assert len(builds) == 1


def test_parameters_of_the_media_type_do_not_build_another_schema(builds: Builds) -> None:
    for parameter in ("", ";a=1", ";indent=8"):
        accept = f"application/vnd.oai.openapi+json{parameter}"
        found = Client().get("/api/v1/schema/", headers={"Accept": accept})
        assert found["Content-Type"] == "application/vnd.oai.openapi+json"
    assert len(builds) == len(views._rendered) == 1  # noqa: SLF001


def test_first_requests_at_once_build_one_schema(builds: Builds) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: Client().get("/api/v1/schema/"), range(4)))
    assert [each.status_code for each in found] == [200] * 4
    assert len(builds) == 1
