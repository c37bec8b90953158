"""The checks of what sends, on instances that are read from Local Azure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from diagnosis.chain.instance_chain import read_chain
from diagnosis.chain.links import Link
from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import SignalRInstance
from localazure import seed
from sync.inventory.import_subscription import import_subscription
from sync.inventory.refresh import refresh, refresh_subscription
from tests.cloud import LocalAzure
from upstreams.models import DeliveryCount, SenderActivity
from upstreams.receiver import Hub
from upstreams.receiver.testing import installed_hubs
from upstreams.url_templates.patterns import Event

pytestmark = pytest.mark.django_db

OTHER = "99999999-0000-4000-8000-000000000009"
OWNER = "SignalR REST API Owner"
DENIED = {"error": {"code": "AuthorizationFailed", "message": "Not allowed."}}
FORBID = {"path": "roleAssignments", "status": 403, "body": DENIED, "times": 1000}


def chat() -> SignalRInstance:
    """Return the instance, as stored."""
    return SignalRInstance.objects.with_desired().get(name=seed.CHAT)


def findings(after: timedelta = timedelta(0)) -> dict[str, Finding]:
    """Return the findings on the sender by key, as of a time from now."""
    found = diagnose(chat(), timezone.now() + after)
    return {each.key: each for each in found if each.link is Link.SENDER}


def assign(local_azure: LocalAzure, role: str, principal: str = seed.CLIENT_OBJECT_ID) -> None:
    """Assign a role on the instance."""
    one = {"role": role, "principalId": principal, "scope": chat().arm_id}
    local_azure.seed(roleAssignments=[one])


@pytest.fixture
def _sends(settings: Settings) -> None:
    """Configure the instance as the default one."""
    settings.SENDER = settings.SENDER | {"DEFAULT_INSTANCE": seed.CHAT.upper()}


@pytest.fixture
def _hub_sends() -> Iterator[None]:
    """A hub that names the instance."""
    with installed_hubs(Hub("chat", instance=seed.CHAT)):
        yield


def test_nothing_that_sends_is_not_checked(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    assert findings() == {}
    assert Link.SENDER not in {each.link for each in read_chain(chat()).links}
    assert not [one for one in local_azure.requests("GET") if "roleAssign" in one["path"]]


@pytest.mark.usefixtures("_sends")
def test_role_is_checked_on_each_refresh(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    role = findings()["sender_role"]
    assert role.outcome == "fail"
    assert f"--assignee-object-id {seed.CLIENT_OBJECT_ID} " in role.fix
    assert f"--scope {chat().arm_id}" in role.fix
    assign(local_azure, OWNER)
    refresh(chat())
    assert findings()["sender_role"].outcome == "unknown"
    later = findings(timedelta(minutes=31))
    assert {each.outcome for each in later.values()} == {"pass"}
    assert OWNER in later["sender_role"].evidence
    # Only that instance's role assignments were read.
    read = [one["path"] for one in local_azure.requests("GET") if "roleAssign" in one["path"]]
    assert read
    assert all(f"/{seed.CHAT}/".lower() in path.lower() for path in read)


@pytest.mark.usefixtures("_sends")
def test_chain_has_the_way_back(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    for event in (None, Event("chat", "messages", "say")):
        (sender,) = [each for each in read_chain(chat(), event).links if each.link is Link.SENDER]
        assert sender.outcome == "fail"
        assert {fact.name: fact.value for fact in sender.facts} == {
            "Credential": "Microsoft Entra",
            "Principal": seed.CLIENT_OBJECT_ID,
        }
    assert local_azure.requests("GET")


@pytest.mark.usefixtures("_hub_sends")
def test_role_of_configured_principal_is_checked(
    local_azure: LocalAzure, settings: Settings
) -> None:
    settings.SENDER = settings.SENDER | {"PRINCIPAL_ID": OTHER}
    import_subscription(seed.SUBSCRIPTION_ID)
    assign(local_azure, OWNER)
    refresh(chat())
    role = findings()["sender_role"]
    assert (role.outcome, OTHER in role.fix) == ("fail", True)
    assign(local_azure, OWNER, OTHER)
    refresh_subscription(chat().subscription)
    assert findings(timedelta(minutes=31))["sender_role"].outcome == "pass"


@pytest.mark.usefixtures("_sends")
def test_role_that_is_not_examined_is_unknown(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    assign(local_azure, "Key Vault Reader")
    refresh(chat())
    assert findings()["sender_role"].outcome == "unknown"


@pytest.mark.usefixtures("_sends")
def test_unreadable_assignments_are_unknown(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    assert findings()["sender_role"].outcome == "fail"
    local_azure.post("/_local/faults", [FORBID])
    refresh(chat())
    role = findings()["sender_role"]
    assert role.outcome == "unknown"
    assert "Not allowed" in role.evidence
    assert "Microsoft.Authorization/roleAssignments/read" in role.fix


@pytest.mark.usefixtures("_sends")
def test_assignments_that_were_never_read_are_unknown(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    SignalRInstance.objects.update(
        sender_access=None,
        is_local_auth_disabled=None,
        is_entra_auth_disabled=None,
        network=None,
    )
    found = findings()
    assert {key: each.outcome for key, each in found.items()} == {
        "sender_role": "unknown",
        "sender_entra": "unknown",
        "sender_network": "unknown",
    }
    assert all(f"manage.py drift {seed.CHAT}" in each.fix for each in found.values())
    assert local_azure.requests("GET")


@pytest.mark.parametrize(
    ("is_disabled", "outcome"), [(True, "fail"), (False, "pass"), (None, "unknown")]
)
def test_access_key_needs_local_auth(
    is_disabled: bool | None,
    outcome: str,
    local_azure: LocalAzure,
    settings: Settings,
    tmp_path: Path,
) -> None:
    file = tmp_path / "strings.json"
    text = "Endpoint=https://chat.service.signalr.net;AccessKey=secret-key;Version=1.0;"
    file.write_text(f'{{"{seed.CHAT}": "{text}"}}')
    file.chmod(0o600)
    settings.SENDER = settings.SENDER | {"CONNECTION_STRINGS_FILE": str(file)}
    import_subscription(seed.SUBSCRIPTION_ID)
    SignalRInstance.objects.update(is_local_auth_disabled=is_disabled)
    found = findings()
    outcomes = {key: each.outcome for key, each in found.items()}
    assert outcomes == {"sender_access_key": outcome, "sender_network": "pass"}
    assert "secret-key" not in str(found)
    assert not [one for one in local_azure.requests("GET") if "roleAssign" in one["path"]]
    file.write_text("[]")
    assert findings()["sender_role"].outcome == "unknown"


def test_import_reads_whether_access_keys_are_disabled(local_azure: LocalAzure) -> None:
    properties = {"disableLocalAuth": True, "disableAadAuth": True}
    one = {"name": "keyless", "resourceGroup": "rg-keyless", "properties": properties}
    local_azure.seed(instances=[one])
    import_subscription(seed.SUBSCRIPTION_ID)
    row = SignalRInstance.objects.get(name="keyless")
    assert (row.is_local_auth_disabled, row.is_entra_auth_disabled) == (True, True)
    assert chat().is_entra_auth_disabled is False


def test_refused_sends_fail_where_nothing_is_configured(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    DeliveryCount.objects.create(
        instance=chat(), minute=timezone.now(), outcome="failed", reason="send_forbidden", count=2
    )
    (found,) = findings().values()
    assert (found.key, found.outcome) == ("sender_refused", "fail")
    assert "in 2 deliveries" in found.evidence
    assert f"SIGNALMAN_DEFAULT_INSTANCE={seed.CHAT}" in found.fix
    assert f"manage.py set_senders {seed.CHAT} --add-own" in found.fix
    assert local_azure.requests("GET")


def records(*, minutes: int, is_refused: bool = False) -> None:
    """Record that a handler sent to the instance that long ago."""
    at = timezone.now() - timedelta(minutes=minutes)
    SenderActivity.objects.record(seed.CHAT.upper(), at, is_refused=is_refused)


def test_role_is_checked_where_a_handler_was_refused(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    records(minutes=90, is_refused=True)
    assert findings()["sender_role"].outcome == "unknown"
    refresh(chat())
    role = findings()["sender_role"]
    assert (role.outcome, seed.CLIENT_OBJECT_ID in role.fix) == ("fail", True)
    assign(local_azure, OWNER)
    refresh_subscription(chat().subscription)
    assert findings(timedelta(minutes=31))["sender_role"].outcome == "pass"


def test_role_is_checked_before_the_first_refusal_of_what_sent_before(
    local_azure: LocalAzure,
) -> None:
    assigned = {"role": OWNER, "principalId": seed.CLIENT_OBJECT_ID}
    import_subscription(seed.SUBSCRIPTION_ID)
    local_azure.seed(roleAssignments=[assigned | {"scope": chat().arm_id}])
    records(minutes=5)
    refresh(chat())
    assert findings(timedelta(minutes=31))["sender_role"].outcome == "pass"
    facts = {
        fact.name
        for each in read_chain(chat()).links
        if each.link is Link.SENDER
        for fact in each.facts
    }
    assert facts == {"Credential", "Principal", "Last sent"}


def test_accepted_sends_of_another_principal_are_no_failure(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    records(minutes=9, is_refused=True)
    records(minutes=5)
    refresh(chat())
    role = findings()["sender_role"]
    assert (role.outcome, "SIGNALMAN_SENDER_PRINCIPAL_ID" in role.fix) == ("unknown", True)
    records(minutes=1, is_refused=True)
    assert findings()["sender_role"].outcome == "fail"
    assert local_azure.requests("GET")


def test_refusals_before_a_later_send_are_no_failure(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    DeliveryCount.objects.create(
        instance=chat(), minute=timezone.now(), outcome="failed", reason="send_forbidden", count=2
    )
    records(minutes=9, is_refused=True)
    assert findings()["sender_refused"].outcome == "fail"
    assert f"manage.py drift {seed.CHAT}" in findings()["sender_refused"].fix
    records(minutes=5)
    assert "sender_refused" not in findings()
    assert local_azure.requests("GET")


def test_activity_of_long_ago_does_not_count(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    records(minutes=31 * 24 * 60)
    records(minutes=31 * 24 * 60, is_refused=True)
    assert findings() == {}
    assert local_azure.requests("GET")
