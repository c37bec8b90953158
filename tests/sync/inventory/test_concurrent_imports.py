"""Two imports that store the same new rows at the same time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, models

from arm.resources import UserAssignedIdentityResource
from identities.models import Subscription, UserAssignedIdentity
from localazure import seed
from sync.inventory.import_subscription import import_subscription
from sync.inventory.user_assigned_identities import save_identities
from tests.cloud import LocalAzure
from upstreams.models import FunctionApp

pytestmark = pytest.mark.django_db

ARM_ID = (
    f"/subscriptions/{seed.SUBSCRIPTION_ID}/resourceGroups/signalr"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/late"
)


class Overtaken:
    """Runs `insert` just before the first INSERT into a table, as another process would."""

    def __init__(self, model: type[models.Model], insert: Callable[[], object]) -> None:
        self._target = f'INTO "{model._meta.db_table}"'  # noqa: SLF001
        self._insert = insert
        self.has_run = False

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT") and self._target in sql and not self.has_run:
            self.has_run = True
            self._insert()
        return execute(sql, *rest)


def test_identity_that_another_process_stored_is_returned() -> None:
    answer = UserAssignedIdentityResource(arm_id=ARM_ID, name="late", client_id=UUID(int=7))
    overtaken = Overtaken(UserAssignedIdentity, lambda: save_identities([answer]))
    with connection.execute_wrapper(overtaken):
        saved = save_identities([answer])
    assert overtaken.has_run
    assert saved[ARM_ID.lower()] == UserAssignedIdentity.objects.with_arm_id(ARM_ID).get()


def test_function_app_that_another_process_stored_is_not_stored_again(
    local_azure: LocalAzure,
) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    known = list(FunctionApp.objects.order_by("name"))
    assert known
    FunctionApp.objects.all().delete()
    overtaken = Overtaken(FunctionApp, lambda: FunctionApp.objects.bulk_create(known))
    with connection.execute_wrapper(overtaken):
        import_subscription(seed.SUBSCRIPTION_ID)
    assert overtaken.has_run
    assert FunctionApp.objects.count() == len(known)
    assert Subscription.objects.count() == 1
