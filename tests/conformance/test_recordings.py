"""The replay of recordings finds differences, and its list of allowed ones cannot grow stale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.recordings.__main__ import main
from tests.conformance.recordings.allowed import FILE, AllowList, Entry
from tests.conformance.recordings.comparison import Comparison
from tests.conformance.recordings.exchanges import Answer

BASE = "https://localhost:1"
JSON = {"content-type": "application/json; charset=utf-8"}
GROUP_URL = "https://management.azure.com/subscriptions/sub/resourceGroups/recorded"


def differences(recorded: Any, local: Any) -> list[str]:
    """Compare two bodies."""
    answers = (Answer(200, JSON, json.dumps(body)) for body in (recorded, local))
    return Comparison(BASE).differences(*answers)


@pytest.mark.parametrize(
    ("recorded", "local", "difference"),
    [
        ({"a": 1}, {"a": 2}, "body .a: Azure 1, local 2"),
        ({"a": 1}, {}, "body .a: Azure 1, local none"),
        ({}, {"a": None}, "body .a: Azure none, local null"),
        ({"a": [1]}, {"a": []}, "body .a[]: Azure 1, local none"),
        ({"a": True}, {"a": "True"}, 'body .a: Azure true, local "True"'),
        ({"aB": 1}, {"ab": 1}, "body .aB: local spells 'ab'"),
        ({"at": "2020-01-01T00:00:00Z"}, {"at": "x"}, 'body .at: Azure "time Z", local "x"'),
    ],
)
def test_comparison_finds_difference(recorded: Any, local: Any, difference: str) -> None:
    assert differences(recorded, local) == [difference]


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        (
            {"id": "11111111-2222-3333-4444-555555555555"},
            {"id": "99999999-2222-3333-4444-555555555555"},
        ),
        ({"at": "2020-01-01T00:00:00.1Z"}, {"at": "2026-11-29T00:00:00Z"}),
        (
            {"id": "/subscriptions/one/resourceGroups/g"},
            {"id": "/subscriptions/two/resourceGroups/g"},
        ),
        ({"createdBy": "someone@contoso.example"}, {"createdBy": "client"}),
    ],
)
def test_comparison_ignores_made_up_values(recorded: Any, local: Any) -> None:
    assert differences(recorded, local) == []


def test_comparison_finds_missing_header_and_other_status() -> None:
    recorded = Answer(202, {"pragma": "no-cache", "x-ms-failure-cause": "gateway"}, "")
    found = Comparison(BASE).differences(recorded, Answer(200, {"x-ms-failure-cause": "rp"}, ""))
    assert found == [
        "status: Azure 202, local 200",
        "header pragma: Azure 'no-cache', local none",
        "header x-ms-failure-cause: Azure 'gateway', local 'rp'",
    ]


def test_every_listed_difference_has_a_reason() -> None:
    entries = AllowList.read().unused()
    assert entries == []
    assert FILE.read_text().count("[[difference]]") == FILE.read_text().count("\nreason = ")


def test_list_reports_entry_that_no_longer_occurs() -> None:
    used = Entry("why", recording="a/*", difference="body .*")
    stale = Entry("why", recording="a/*", difference="header .*")
    elsewhere = Entry("why", recording="b/*")
    allowed = AllowList([used, stale, elsewhere])
    assert allowed.allows("a/one", "GET /", "body .x: Azure 1, local 2")
    assert not allowed.allows("a/one", "GET /", "status: Azure 1, local 2")
    assert allowed.unused() == [stale]


def recording(folder: Path, answer: dict[str, Any]) -> None:
    """Write a recording of one request, which creates a resource group."""
    request = {
        "method": "PUT",
        "uri": f"{GROUP_URL}?api-version=2021-04-01",
        "body": json.dumps({"location": "westeurope"}),
    }
    response = {
        "status": {"code": 201},
        "headers": {"content-type": ["application/json; charset=utf-8"]},
        "body": {"string": json.dumps(answer)},
    }
    interactions = {"interactions": [{"request": request, "response": response}]}
    (folder / "one.yaml").write_text(yaml.safe_dump(interactions))


ANSWER = {
    "id": "/subscriptions/sub/resourceGroups/recorded",
    "name": "recorded",
    "type": "Microsoft.Resources/resourceGroups",
    "location": "westeurope",
    "properties": {"provisioningState": "Succeeded"},
}


@pytest.mark.slow
def test_replay_fails_on_difference_that_is_not_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording(tmp_path, ANSWER | {"location": "eastus"})
    assert main([str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert 'body .location: Azure "eastus", local "westeurope"' in printed
    assert "1 requests in scope: 0 alike" in printed


@pytest.mark.slow
def test_replay_of_folder_without_recordings_fails(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 1
