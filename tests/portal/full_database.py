"""A database with rows of every kind."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import Group, User
from django.utils import timezone

from accounts.models import PersonalAccessToken
from identities.models import KeyVault, SignalRInstance, VaultGrant
from localazure import seed
from sync.inventory.import_subscription import import_subscription
from tests.sync.worker import drive, set_desired, signed_lab, start
from upstreams.models import Delivery, DeliveryCount, DeliveryHour, Outcome, RefusalHour


def create_full_database() -> None:
    """Import the built-in fleet; add a finished and a waiting operation, and deliveries."""
    import_subscription(seed.SUBSCRIPTION_ID, who="ada")
    drive(signed_lab())
    start(set_desired(SignalRInstance.objects.get(name=seed.PAYMENTS), "SystemAssigned"))
    _vault_grant()
    _deliveries()
    ada = User.objects.create_user("ada", is_staff=True)
    ada.groups.add(Group.objects.get(name="operators"))
    PersonalAccessToken.issue(
        ada, name="pipeline", scope=PersonalAccessToken.Scope.READ, lifetime=timedelta(days=1)
    )


def _vault_grant() -> None:
    now = timezone.now()
    vault = KeyVault.objects.create(
        name=seed.VAULT,
        arm_id=seed.resource_id(seed.REALTIME_GROUP, "Microsoft.KeyVault/vaults", seed.VAULT),
        uses_rbac=False,
        tenant_id=UUID(seed.TENANT_ID),
        observed_at=now,
    )
    VaultGrant.objects.create(
        instance=SignalRInstance.objects.get(name=seed.CHAT),
        vault=vault,
        principal_id=UUID(seed.CHAT_PRINCIPAL_ID),
        mechanism=VaultGrant.Mechanism.ACCESS_POLICY,
        observed_at=now,
    )


def _deliveries() -> None:
    now = timezone.now()
    chat = SignalRInstance.objects.get(name=seed.CHAT)
    Delivery.objects.create(
        instance=chat, received_at=now, outcome=Outcome.ACCEPTED, status=200, duration_ms=1.0
    )
    DeliveryCount.objects.create(
        instance=chat,
        minute=now.replace(second=0, microsecond=0),
        outcome=Outcome.ACCEPTED,
        count=1,
    )
    DeliveryHour.objects.create(
        hour=now.replace(minute=0, second=0, microsecond=0), outcome=Outcome.ACCEPTED, count=1
    )
    RefusalHour.objects.create(
        hour=now.replace(minute=0, second=0, microsecond=0),
        instance=chat,
        reason="wrong_audience",
        count=1,
    )
