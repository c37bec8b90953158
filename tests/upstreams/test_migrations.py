"""The migration that renames the request requirements keeps their rows and permissions."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from identities.models import SignalRInstance
from upstreams.models import RequestRequirements


def migrate(*name: str) -> None:
    """Migrate the app to that migration, or to the last one."""
    call_command("migrate", "upstreams", *name, verbosity=0, stdout=StringIO())


@pytest.mark.django_db(transaction=True)
def test_renaming_request_requirements_keeps_rows(instance: SignalRInstance) -> None:
    migrate("0006_wording")
    try:
        state = MigrationExecutor(connection).loader.project_state(("upstreams", "0006_wording"))
        state.apps.get_model("upstreams", "ReceiverDemands").objects.create(
            instance_id=instance.pk, signature=True, url_secret=True, url_secret_digest="digest"
        )
    finally:
        migrate()

    row = RequestRequirements.objects.get()
    assert (row.instance, row.signature, row.url_secret) == (instance, True, True)
    assert instance.request_requirements == row
    assert row.url_secret_digest == "digest"


@pytest.mark.django_db(transaction=True)
def test_renaming_request_requirements_keeps_permissions() -> None:
    permissions = apps.get_model("auth", "Permission").objects
    names = ["view_receiverdemands", "view_requestrequirements"]
    before = permissions.get(codename="view_requestrequirements").pk

    migrate("0006_wording")
    try:
        assert permissions.get(codename__in=names).pk == before
        assert permissions.get(pk=before).codename == "view_receiverdemands"
    finally:
        migrate()

    assert permissions.get(codename__in=names).pk == before
    assert permissions.get(pk=before).codename == "view_requestrequirements"
