"""The schema's examples are recorded responses, are still returned, and match the schema.

`SIGNALMAN_RECORD=1 .venv/bin/pytest tests/api/schema/test_examples.py` records them again;
regenerate the schema afterwards.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from accounts.roles import Role
from api.schema.examples import EXAMPLES
from tests.accounts.callers import token
from tests.api.routes import Route, document, routes
from tests.api.tour import Stop, Tour
from tests.cloud import LocalAzure

pytestmark = pytest.mark.django_db


@pytest.fixture
def stops(local_azure: LocalAzure) -> list[Stop]:
    row, client = token(Role.OPERATOR)
    reads = [route for route in routes() if route.method == "get"]
    return list(Tour(client, row.pk, local_azure).stops(reads))


def recorded() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return found


def example(stop: Stop) -> dict[str, Any]:
    """Return what is recorded of a request and its response; of a list, the first rows."""
    kept: dict[str, Any] = {
        "path": stop.route.path,
        "method": stop.route.method,
        "parameters": stop.parameters,
        "status": stop.response.status_code,
    }
    if stop.request is not None:
        kept["request"] = stop.request
    if stop.response.content:
        kept["response"] = _short(stop.response.json())
    return kept


def _short(answer: Any) -> Any:
    if isinstance(answer, list):
        return answer[:2]
    if isinstance(answer, dict) and "results" in answer:
        return answer | {"results": answer["results"][:1]}
    return answer


def shape(value: Any) -> Any:
    """Return the names and types of the fields of a value; null matches any type."""
    if isinstance(value, dict):
        return sorted(value)
    return type(value).__name__


def test_every_operation_answers_as_its_example(stops: list[Stop]) -> None:
    assert {stop.route for stop in stops} == set(routes())
    refused = [(str(stop.route), stop.response.content) for stop in stops if _is_refused(stop)]
    assert refused == []
    found = [example(stop) for stop in sorted(stops, key=lambda stop: stop.route)]
    if os.environ.get("SIGNALMAN_RECORD"):
        EXAMPLES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert [_outline(each) for each in found] == [_outline(each) for each in recorded()]


def test_every_example_matches_the_schema() -> None:
    schema = document()
    for each in recorded():
        operation = schema["paths"][each["path"]][each["method"]]
        answer = operation["responses"][str(each["status"])]
        if "response" in each:
            _validate(schema, answer, each["response"])
        if "request" in each:
            _validate(schema, operation["requestBody"], each["request"])


def test_every_json_response_has_an_example() -> None:
    paths = document()["paths"]
    lacking = [
        (path, method, status)
        for path, method in routes()
        for status, answer in paths[path][method]["responses"].items()
        if status < "300" and "example" not in answer.get("content", {}).get("application/json", ())
        if "content" in answer
    ]
    assert lacking == []


def _is_refused(stop: Stop) -> bool:
    return not 200 <= stop.response.status_code < 300


def _outline(each: dict[str, Any]) -> Any:
    route = Route(each["path"], each["method"])
    return str(route), each["status"], shape(each.get("response"))


def _validate(schema: dict[str, Any], described: dict[str, Any], value: Any) -> None:
    declared = described["content"]["application/json"]["schema"]
    resolved = {**declared, "components": schema["components"]}
    Draft202012Validator(resolved).validate(value)
