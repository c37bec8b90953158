from __future__ import annotations

import pytest

from localazure import seed
from sync.models import AuditEvent
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import drive, imported, signed_lab

pytestmark = pytest.mark.django_db


def test_lists_events_of_an_instance_newest_first(local_azure: LocalAzure) -> None:
    imported(seed.CHAT)
    drive(signed_lab())
    lines = run("audit", "--object", seed.LAB).out.splitlines()
    assert [line.split("\t")[2] for line in lines] == [
        "write templates",
        "write identity",
        "start apply",
        "set policy",
        "desired state: import",
    ]


def test_finds_instance_by_arm_id_in_any_case(local_azure: LocalAzure) -> None:
    arm_id = imported(seed.LAB).arm_id
    imported(seed.CHAT)
    assert len(run("audit", "--object", arm_id.upper()).out.splitlines()) == 1


def test_json_has_before_and_after(local_azure: LocalAzure) -> None:
    operation = drive(signed_lab())
    event = run("audit", "--who", "ada", "--limit", "1", "--json").document["events"][0]
    assert (event["action"], event["operation"]) == ("write templates", str(operation.pk))
    assert event["before"] == []
    assert event["after"][0]["resource"] == "api://receiver"


def test_name_does_not_match_the_end_of_another(local_azure: LocalAzure) -> None:
    imported(seed.LAB)
    assert run("audit", "--object", "lab").out == ""
    assert AuditEvent.objects.exists()
