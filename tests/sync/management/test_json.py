"""Every command that prints anything takes --json."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import get_commands, load_command_class

from localazure import seed
from sync.inventory.import_subscription import import_subscription
from tests.cloud import LocalAzure
from tests.stdin import set_stdin
from tests.sync.commands import run

pytestmark = pytest.mark.django_db

OURS = ("accounts", "diagnosis", "identities", "portal", "sync", "upstreams")
COMMANDS = sorted(name for name, app in get_commands().items() if app in OURS)
NEW = [
    *("--subscription", seed.SUBSCRIPTION_ID),
    *("--resource-group", seed.REALTIME_GROUP),
    *("--location", seed.LOCATION),
]

# The arguments, and the keys of the document.
CALLS: list[tuple[list[str], set[str]]] = [
    (["create_instance", "contoso-new", *NEW], {"instance", "plan"}),
    (["create_user_assigned_identity", "id-new", *NEW], {"id", "principal_id", "client_id"}),
    (["delete_instance", seed.LAB, "--confirm", seed.LAB], {"operation"}),
    (["export"], {"documents"}),
    (["history", seed.LAB], {"instance", "revisions"}),
    (["plan"], {"plans", "errors"}),
    (["protect", seed.LAB], {"instances"}),
    (["remove_instance", seed.LAB], {"removed"}),
    (["rollback", seed.LAB, "1"], {"instance", "revision", "plan"}),
    (["set_identity", seed.LAB, "--system-assigned"], {"instance", "identity"}),
    (["set_policy", seed.LAB, "manage"], {"instances"}),
    (["set_upstream", seed.LAB, "-"], {"instance", "upstream"}),
    (["set_url_secret", seed.LAB], {"instance", "secrets", "parameter", "is_required"}),
]


@pytest.fixture(autouse=True)
def _fleet(local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    run("set_policy", seed.LAB, "manage")
    run("protect", seed.LAB, "--off")
    set_stdin(monkeypatch, "[]" + " " * 40)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json(name: str) -> None:
    app = get_commands()[name]
    command = load_command_class(str(app), name)
    assert "--json" in command.create_parser("manage.py", name).format_help()


@pytest.mark.parametrize(("arguments", "keys"), CALLS, ids=[arguments[0] for arguments, _ in CALLS])
def test_prints_only_the_json_document(arguments: list[str], keys: set[str]) -> None:
    document: dict[str, Any] = run(*arguments, "--json").document
    assert document.keys() == keys


def test_json_of_a_token_lists_its_scopes() -> None:
    User.objects.create_user("pipeline")
    document = run("create_token", "pipeline", "--json").document
    assert document.keys() == {"token", "name", "scope", "expires_at"}


def test_json_lists_what_has_changed() -> None:
    first, again = (run("set_policy", seed.CHAT, "pause", "--json").document for _ in range(2))
    assert first["instances"] == [{"instance": seed.CHAT, "policy": "pause", "changed": True}]
    assert again["instances"][0]["changed"] is False


def test_json_of_an_awaited_deletion_has_its_result(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 0})
    outcome = run("delete_instance", seed.LAB, "--confirm", seed.LAB, "--inline", "--json")
    assert outcome.code == 0
    assert outcome.document["operation"]["state"] == "succeeded"
