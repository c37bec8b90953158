from __future__ import annotations

import pytest

from identities.models import SignalRInstance
from localazure import seed
from tests.cloud import LocalAzure
from tests.sync.commands import run

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("local_azure")
def test_imports_every_visible_subscription() -> None:
    outcome = run("import_instances")
    assert outcome.code == 0
    assert f"{seed.CHAT}\tcreated" in outcome.out
    assert "Imported 1 subscription: 4 created, 0 updated" in outcome.out


@pytest.mark.usefixtures("local_azure")
def test_imports_one_resource_group() -> None:
    run(
        "import_instances",
        f"--subscription={seed.SUBSCRIPTION_ID}",
        f"--resource-group={seed.PAYMENTS_GROUP}",
    )
    names = set(SignalRInstance.objects.values_list("name", flat=True))
    assert names == {seed.PAYMENTS, seed.LAB}


@pytest.mark.usefixtures("local_azure")
def test_prints_json() -> None:
    (subscription,) = run("import_instances", "--json").document["subscriptions"]
    assert subscription["subscription"] == seed.SUBSCRIPTION_ID
    assert len(subscription["created"]) == 4


@pytest.mark.usefixtures("local_azure")
def test_unknown_subscription_does_not_stop_the_others() -> None:
    unknown = "bbbbbbbb-0000-4000-8000-00000000ffff"
    outcome = run(
        "import_instances", f"--subscription={unknown}", f"--subscription={seed.SUBSCRIPTION_ID}"
    )
    assert outcome.code == 1
    assert unknown in outcome.error
    assert SignalRInstance.objects.count() == 4


def test_failure_is_an_error_with_a_message(local_azure: LocalAzure) -> None:
    refusal = {"path": "^/subscriptions$", "status": 403, "times": None}
    local_azure.post("/_local/faults", [refusal])
    outcome = run("import_instances")
    assert outcome.code == 1
    assert "may not do this" in outcome.error


@pytest.mark.usefixtures("local_azure")
def test_imports_one_instance_by_name_in_any_case() -> None:
    outcome = run("import_instances", "--name", seed.LAB.upper())
    assert outcome.code == 0
    assert [row.name for row in SignalRInstance.objects.all()] == [seed.LAB]


@pytest.mark.usefixtures("local_azure")
def test_importing_one_does_not_mark_the_others_missing() -> None:
    run("import_instances")
    run("import_instances", "--name", seed.LAB)
    assert not SignalRInstance.objects.filter(missing_since__isnull=False).exists()


@pytest.mark.usefixtures("local_azure")
def test_unknown_name_is_an_error() -> None:
    outcome = run("import_instances", "--name", "nowhere")
    assert outcome.code == 1
    assert "no instance 'nowhere'" in outcome.error
