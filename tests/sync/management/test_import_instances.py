from __future__ import annotations

import pytest

from identities.models import SignalRInstance
from localazure import seed
from tests.cloud import LocalAzure
from tests.sync.commands import run

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("local_azure")
def test_every_subscription_in_sight_is_imported() -> None:
    outcome = run("import_instances")
    assert outcome.code == 0
    assert f"{seed.CHAT}\tcreated" in outcome.out
    assert "Imported 1 subscription: 4 created, 0 updated" in outcome.out


@pytest.mark.usefixtures("local_azure")
def test_a_resource_group_of_a_subscription_is_imported() -> None:
    run(
        "import_instances",
        f"--subscription={seed.SUBSCRIPTION_ID}",
        f"--resource-group={seed.PAYMENTS_GROUP}",
    )
    names = set(SignalRInstance.objects.values_list("name", flat=True))
    assert names == {seed.PAYMENTS, seed.LAB}


@pytest.mark.usefixtures("local_azure")
def test_scripts_read_a_document() -> None:
    (subscription,) = run("import_instances", "--json").document["subscriptions"]
    assert subscription["subscription"] == seed.SUBSCRIPTION_ID
    assert len(subscription["created"]) == 4


@pytest.mark.usefixtures("local_azure")
def test_one_unknown_subscription_does_not_stop_the_others() -> None:
    unknown = "bbbbbbbb-0000-4000-8000-00000000ffff"
    outcome = run(
        "import_instances", f"--subscription={unknown}", f"--subscription={seed.SUBSCRIPTION_ID}"
    )
    assert outcome.code == 1
    assert unknown in outcome.error
    assert SignalRInstance.objects.count() == 4


def test_a_failure_is_an_error_in_words(local_azure: LocalAzure) -> None:
    refusal = {"path": "^/subscriptions$", "status": 403, "times": None}
    local_azure.post("/_local/faults", [refusal])
    outcome = run("import_instances")
    assert outcome.code == 1
    assert "may not do this" in outcome.error


@pytest.mark.usefixtures("local_azure")
def test_one_instance_is_imported_by_its_name_in_any_case() -> None:
    outcome = run("import_instances", "--name", seed.LAB.upper())
    assert outcome.code == 0
    assert [row.name for row in SignalRInstance.objects.all()] == [seed.LAB]


@pytest.mark.usefixtures("local_azure")
def test_importing_one_does_not_take_the_others_for_gone() -> None:
    run("import_instances")
    run("import_instances", "--name", seed.LAB)
    assert not SignalRInstance.objects.filter(missing_since__isnull=False).exists()


@pytest.mark.usefixtures("local_azure")
def test_a_name_that_azure_does_not_have_is_an_error() -> None:
    outcome = run("import_instances", "--name", "nowhere")
    assert outcome.code == 1
    assert "no instance 'nowhere'" in outcome.error
