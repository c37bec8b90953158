from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from arm.instance_state import InstanceState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from localazure import seed
from sync.desired.history import (
    Author,
    NoSuchRevision,
    changing_desired,
    record_desired,
    rollback,
    set_desired_state,
)
from sync.desired.state import desired_state
from sync.inventory.import_subscription import import_subscription
from sync.models import AuditEvent, DesiredRevision
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.states import IDENTITY_IDS, sound_states
from tests.sync.worker import SIGNED, UNSIGNED, imported, patches, signed_lab
from upstreams.url_templates.arm_json import load_templates

pytestmark = pytest.mark.django_db

ADA = Author("ada", "test", "because")


def lab() -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=seed.LAB)


def actions() -> list[str]:
    revisions = DesiredRevision.objects.filter(instance__name=seed.LAB).order_by("number")
    return [revision.action for revision in revisions]


def write(path: Path, *templates: dict[str, Any]) -> str:
    path.write_text(json.dumps(templates))
    return str(path)


def test_history_begins_with_the_import(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID, who="ada")
    import_subscription(seed.SUBSCRIPTION_ID, who="grace")
    assert DesiredRevision.objects.count() == SignalRInstance.objects.count() > 1
    revision = DesiredRevision.objects.get(instance__name=seed.LAB)
    assert (revision.number, revision.who, revision.action) == (1, "ada", "import")
    assert revision.read_state() == desired_state(lab())


def test_each_command_records_a_revision(local_azure: LocalAzure, tmp_path: Path) -> None:
    imported(seed.LAB)
    run("set_identity", seed.LAB, "--system-assigned", "--comment", "for the vault")
    run("set_upstream", seed.LAB, write(tmp_path / "templates.json", SIGNED))
    run("rollback", seed.LAB, "1")
    import_subscription(seed.SUBSCRIPTION_ID, accept=True)
    assert actions() == ["import", "set identity", "set upstream", "rollback to 1"]
    assert DesiredRevision.objects.get(number=2).comment == "for the vault"


def test_accepting_drift_records_a_revision(local_azure: LocalAzure) -> None:
    imported(seed.LAB)
    run("set_identity", seed.LAB, "--system-assigned")
    import_subscription(seed.SUBSCRIPTION_ID, accept=True, who="grace")
    assert actions() == ["import", "set identity", "accept"]


def test_audit_trail_has_before_and_after(local_azure: LocalAzure) -> None:
    imported(seed.LAB)
    before = desired_state(lab()).to_json()
    run("set_identity", seed.LAB, "--system-assigned")
    event = AuditEvent.objects.get(action="desired state: set identity")
    assert (event.object, event.before) == (lab().arm_id, before)
    assert event.after == desired_state(lab()).to_json()


def test_unchanged_desired_state_records_nothing(local_azure: LocalAzure) -> None:
    instance = imported(seed.LAB)
    before = AuditEvent.objects.count()
    run("set_identity", seed.LAB, "--none")
    assert record_desired([instance.pk], ADA) == []
    assert (actions(), AuditEvent.objects.count()) == (["import"], before)


def change_and_fail(instance: SignalRInstance) -> None:
    load_templates(instance, [SIGNED])
    load_templates(instance, [{}])


def test_failed_change_leaves_rows_and_history_unchanged(local_azure: LocalAzure) -> None:
    instance = imported(seed.LAB)
    with pytest.raises(ValidationError), changing_desired(instance, ADA):
        change_and_fail(instance)
    assert not lab().upstream_templates.exists()
    assert actions() == ["import"]


def test_history_keeps_changes_made_without_it(local_azure: LocalAzure) -> None:
    instance = imported(seed.LAB)
    instance.identity.become(ManagedIdentity.Type.SYSTEM_ASSIGNED)
    run("set_identity", seed.LAB, "--none")
    assert actions() == ["import", "found", "set identity"]


def test_rollback_records_a_revision_and_writes_nothing_to_azure(
    local_azure: LocalAzure, tmp_path: Path
) -> None:
    instance = imported(seed.CHAT)
    run("set_upstream", seed.CHAT, write(tmp_path / "templates.json", UNSIGNED))
    assert run("plan", seed.CHAT).code == 2
    outcome = run("rollback", seed.CHAT, "1", "--comment", "too early")
    assert outcome.code == 0
    assert "No changes." in outcome.out
    latest = DesiredRevision.objects.filter(instance=instance).latest("number")
    assert (latest.number, latest.action, latest.comment) == (3, "rollback to 1", "too early")
    assert patches(local_azure) == []


def test_rollback_to_another_state_shows_the_plan(local_azure: LocalAzure) -> None:
    imported(seed.LAB)
    run("set_identity", seed.LAB, "--system-assigned")
    run("set_identity", seed.LAB, "--none")
    outcome = run("rollback", seed.LAB, "2")
    assert outcome.code == 2
    assert "Assign a system-assigned identity" in outcome.out


def test_refuses_rollback_to_unknown_revision(local_azure: LocalAzure) -> None:
    imported(seed.LAB)
    outcome = run("rollback", seed.LAB, "7")
    assert outcome.code == 1
    assert "has no revision 7" in outcome.error


def test_refuses_rollback_to_a_deleted_identity(local_azure: LocalAzure) -> None:
    instance = imported(seed.CHAT)
    earlier = InstanceState.from_json(
        {"identity": {"type": "UserAssigned", "user_assigned_id": IDENTITY_IDS[0]}, "templates": []}
    )
    with pytest.raises(NoSuchRevision, match="does not know the user-assigned identity"):
        set_desired_state(instance, earlier, ADA)


def own(state: InstanceState) -> tuple[Any, ...]:
    """Return the part of a state that rows hold; the rest follows from it."""
    return state.identity, state.templates


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(states=st.lists(sound_states, min_size=1, max_size=4), chosen=st.integers(min_value=0))
def test_restores_any_earlier_state(
    local_azure: LocalAzure, states: list[InstanceState], chosen: int
) -> None:
    SignalRInstance.objects.all().delete()
    for arm_id in IDENTITY_IDS:
        UserAssignedIdentity.objects.get_or_create(arm_id=arm_id)
    instance = imported(seed.LAB)
    for state in states:
        set_desired_state(instance, state, ADA)
        assert own(desired_state(lab())) == own(state)
    revisions = list(DesiredRevision.objects.filter(instance=instance))
    past = revisions[chosen % len(revisions)]
    rollback(instance, past.number, who="ada")
    assert desired_state(lab()) == past.read_state()


def test_command_lists_newest_first(local_azure: LocalAzure) -> None:
    imported(seed.LAB)
    run("set_identity", seed.LAB, "--system-assigned", "--comment", "for the vault")
    lines = [line.split("\t") for line in run("history", seed.LAB).out.splitlines()]
    assert [(line[0], line[3], line[4]) for line in lines] == [
        ("2", "set identity", "for the vault"),
        ("1", "import", ""),
    ]
    document = run("history", seed.LAB, "--json").document
    assert [each["number"] for each in document["revisions"]] == [2, 1]
    assert document["revisions"][0]["state"]["identity"]["type"] == "SystemAssigned"


def saved_page(client: Client, instance: SignalRInstance, **changes: str) -> dict[str, str]:
    """Return the form data of an instance's page, with `changes`."""
    page = client.get(reverse("admin:identities_signalrinstance_change", args=[instance.pk]))
    values: dict[str, str] = {}
    forms = [page.context["adminform"].form]
    for formset in page.context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    for form in forms:
        for field in form:
            value = field.value()
            values[field.html_name] = "" if value is None else str(value)
    return values | changes


def test_portal_form_records_revision_and_author(
    local_azure: LocalAzure, admin_client: Client
) -> None:
    instance = imported(seed.LAB)
    values = saved_page(
        admin_client, instance, **{"identity-0-type": "SystemAssigned", "policy": "manage"}
    )
    address = reverse("admin:identities_signalrinstance_change", args=[instance.pk])
    response = admin_client.post(address, values)
    assert response.status_code == 302, response.context["errors"]
    revision = DesiredRevision.objects.get(instance=instance, number=2)
    assert (revision.who, revision.action) == ("admin", "edit")
    event = AuditEvent.objects.get(action="set policy")
    assert (event.who, event.before, event.after) == ("admin", "observe", "manage")


def test_removing_an_instance_keeps_it_in_azure_and_the_audit_trail(
    local_azure: LocalAzure, admin_client: Client
) -> None:
    imported(seed.LAB)
    chat = imported(seed.CHAT)
    assert run("remove_instance", seed.LAB).code == 0
    fields = {"scope": "signalman", "confirm": chat.name}
    assert admin_client.post(f"/admin/instances/{chat}/delete/", fields).status_code == 302
    assert not SignalRInstance.objects.exists()
    assert AuditEvent.objects.filter(action="remove").count() == 2
    import_subscription(seed.SUBSCRIPTION_ID)
    assert SignalRInstance.objects.filter(name__in=[seed.LAB, seed.CHAT]).count() == 2


def test_does_not_remove_an_instance_with_unfinished_operation(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    outcome = run("remove_instance", seed.LAB)
    assert outcome.code == 1
    assert str(operation.pk) in outcome.error
