"""Commands escape control characters and redact keys in what they print."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import OperationalError

from arm.errors import ArmError
from localazure import seed
from sync.inventory.import_subscription import import_subscription
from sync.management.base import ExitCode, SignalmanCommand
from sync.management.terminal import printable, write_table
from sync.planning.errors import SyncError
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import imported, set_desired
from upstreams.models import TokenResource

KEY = "s3cret-key-value"
# What Azure could write in a name or an error message.
HOSTILE = f"\x1b[31mNo:\x07 https://a.example/x?code={KEY}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("two\nlines", "two\nlines"),
        ("tab\tbed", "tab\\tbed"),
        ("right\u202eleft", "right\\u202eleft"),
        ("Zürich", "Zürich"),
    ],
)
def test_escapes_control_characters(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_redacts_keys_in_urls() -> None:
    assert "s3cret" not in printable("refused https://a.example/x?code=s3cret-key-value")


def test_table_cell_stays_one_cell() -> None:
    out = io.StringIO()
    write_table(OutputWrapper(out), ("A", "B"), [("a\tb\nc", "\x07")])
    assert out.getvalue() == "a\\tb c\t\\x07\n"


def assert_harmless(text: str) -> None:
    """Assert that the text has HOSTILE without its control characters and its key."""
    assert "\\x1b[31mNo:\\x07 https://a.example/x?code=(hidden:" in text
    assert text.replace("\n", "").replace("\t", "").isprintable()
    assert KEY not in text


class Speaker(SignalmanCommand):
    """Prints or raises what it was given."""

    def __init__(self, told: Any) -> None:
        super().__init__()
        self.told = told

    def run(self, _options: dict[str, Any]) -> ExitCode:
        if isinstance(self.told, Exception):
            raise self.told
        self.say(self.told)
        self.write_json([self.told])
        return ExitCode.DONE


def test_text_for_people_is_harmless() -> None:
    out = io.StringIO()
    call_command(Speaker(HOSTILE), stdout=out)
    assert_harmless(out.getvalue())


def test_document_has_no_key() -> None:
    out = io.StringIO()
    call_command(Speaker(HOSTILE), "--json", stdout=out)
    (found,) = json.loads(out.getvalue())
    assert found.startswith("\x1b[31mNo:")
    assert "\x1b" not in out.getvalue()
    assert KEY not in out.getvalue()


@pytest.mark.parametrize(
    "kind", [CommandError, ValidationError, ArmError, SyncError, ImproperlyConfigured]
)
def test_error_is_harmless(kind: type[Exception]) -> None:
    with pytest.raises(CommandError) as error:
        call_command(Speaker(kind(HOSTILE)))
    assert_harmless(str(error.value))


def test_error_of_database_is_harmless() -> None:
    with pytest.raises(CommandError) as error:
        call_command(Speaker(OperationalError(HOSTILE)))
    assert str(error.value).isprintable()
    assert KEY not in str(error.value)


@pytest.mark.django_db
def test_applications_prints_harmless_names(local_azure: LocalAzure) -> None:
    local_azure.seed(applications=[{"displayName": HOSTILE}])
    assert_harmless(run("applications", "--search", "31mNo").out)


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["drift", "applications"])
def test_commands_print_harmless_errors_of_azure(local_azure: LocalAzure, command: str) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    body = {"error": {"code": "Forbidden", "message": HOSTILE}}
    refused = {"path": "signalR|applications", "status": 403, "body": body, "times": None}
    local_azure.post("/_local/faults", [refused])
    assert_harmless(run(command).error)


@pytest.mark.django_db
def test_progress_of_an_apply_is_harmless(local_azure: LocalAzure) -> None:
    instance = set_desired(imported(seed.LAB), "SystemAssigned")
    body = {"error": {"code": "BadRequest", "message": HOSTILE}}
    refused = {"method": "PATCH", "path": seed.LAB, "status": 400, "body": body}
    local_azure.post("/_local/faults", [refused])
    assert_harmless(run("apply", instance.name, "--yes", "--inline").out)


@pytest.mark.django_db
def test_diagnose_prints_harmless_findings(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    TokenResource.objects.update(kind=TokenResource.Kind.UNKNOWN, problem=HOSTILE)
    assert_harmless(run("diagnose", seed.CHAT).out)
    assert_harmless(run("diagnose", seed.CHAT, "--chain").out)
    assert KEY not in run("diagnose", seed.CHAT, "--json").out
