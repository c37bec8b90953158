"""Origins of drift: since when something differs, and who changed it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.models import ManagedIdentity, SignalRInstance
from localazure import seed
from sync.components.registry import REGISTRY
from sync.desired.history import Author, changing_desired
from sync.desired.state import desired_state, observed_state
from sync.inventory.drift_origins import Origin, origins
from tests.cloud import LocalAzure
from tests.sync.worker import imported

pytestmark = pytest.mark.django_db


def lab_with_an_identity(local_azure: LocalAzure) -> SignalRInstance:
    lab = imported(seed.LAB)
    with changing_desired(lab, Author("ada", "set identity")):
        lab.identity.become(ManagedIdentity.Type.SYSTEM_ASSIGNED)
    with changing_desired(lab, Author("bea", "set upstream")):
        lab.upstream_templates.create(url_template="https://a.example/")
    return SignalRInstance.objects.with_desired().get(pk=lab.pk)


def origins_of(lab: SignalRInstance) -> dict[str, Origin]:
    observed = observed_state(lab)
    assert observed is not None
    changes = REGISTRY.differences(observed, desired_state(lab))
    return dict(
        zip((change.path for change in changes), origins(lab, observed, changes), strict=True)
    )


def test_each_difference_names_the_revision_that_introduced_it(local_azure: LocalAzure) -> None:
    found = origins_of(lab_with_an_identity(local_azure))
    assert (found["identity"].who, found["identity"].action) == ("ada", "set identity")
    assert found["upstream.templates[0]"].who == "bea"
    assert not any(origin.is_azures for origin in found.values())


def test_change_in_azure_since_may_be_its_origin(local_azure: LocalAzure) -> None:
    lab = lab_with_an_identity(local_azure)
    lab.azure_modified_at = timezone.now() + timedelta(minutes=1)
    assert origins_of(lab)["identity"] == Origin(lab.azure_modified_at, is_azures=True)


def test_difference_that_no_revision_explains_has_no_author(local_azure: LocalAzure) -> None:
    lab = imported(seed.LAB)
    lab.identity.become(ManagedIdentity.Type.SYSTEM_ASSIGNED)
    assert origins_of(lab)["identity"] == Origin(None, is_azures=False)
