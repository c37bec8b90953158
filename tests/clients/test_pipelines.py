"""The pipelines of docs/examples work as docs/how-to/automation.md describes.

Their steps run unchanged. Steps that need the pipeline's own service are omitted: signing in to
Azure, and requesting a token of Entra, which Local Azure issues instead.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from localazure import seed
from tests.clients.service import Service
from tests.cloud import REPOSITORY

pytestmark = pytest.mark.slow

EXAMPLES = REPOSITORY / "docs" / "examples"
# Variables that the pipelines' services set.
GIVEN = {
    "SIGNALMAN_HOME": str(REPOSITORY),
    "GITHUB_ACTOR": "ada",
    "GITHUB_SHA": "0123abc",
    "GITHUB_RUN_ID": "7",
    "GITHUB_RUN_ATTEMPT": "1",
    "BUILD_REQUESTEDFOR": "Ada Lovelace",
    "BUILD_SOURCEVERSION": "0123abc",
    "BUILD_BUILDID": "8",
    "SYSTEM_JOBATTEMPT": "1",
    "PAUSE": "0.1",
}
SIGNED = {
    "urlTemplate": "https://receiver.example/{hub}",
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": seed.UPSTREAM_APP_URI}},
}


def scripts(name: str) -> Iterator[str]:
    """Yield the scripts of a pipeline's steps, in their order."""
    pipeline: dict[str, Any] = yaml.safe_load((EXAMPLES / name).read_text())
    jobs = pipeline.get("jobs")
    for step in next(iter(jobs.values()))["steps"] if jobs else pipeline["steps"]:
        script = step.get("run") or step.get("bash")
        if script and "az account get-access-token" not in script:
            # The service would expand these.
            assert "${{" not in script
            assert "$(SIG" not in script
            yield script


def run(service: Service, folder: Path, script: str, **environment: str) -> str:
    """Run a step's script as the pipelines' services do, and require success."""
    outcome = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],  # noqa: S607
        cwd=folder,
        env=service.programs.environment | GIVEN | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


def manage(service: Service, *arguments: str, expect: int = 0) -> Any:
    """Run a command with --json, and return its document."""
    outcome = service.programs.manage(*arguments, "--json")
    assert outcome.returncode == expect, outcome.stderr
    return json.loads(outcome.stdout)


def check_out(service: Service, folder: Path, name: str, **values: Any) -> Path:
    """Return a repository with these values in the document of an instance."""
    manage(service, "import_instances", "--subscription", seed.SUBSCRIPTION_ID)
    (document,) = (
        each
        for each in manage(service, "export", name)["documents"]
        if each["kind"] == "SignalRInstance"
    )
    fleet = folder / "fleet"
    fleet.mkdir()
    (fleet / f"{name}.yaml").write_text(yaml.safe_dump(document | values, sort_keys=False))
    return folder


@pytest.mark.parametrize(
    ("pipeline", "instance", "who"),
    [
        ("github-actions.yml", seed.CHAT, "github: ada"),
        ("azure-pipelines.yml", seed.ORDERS, "azure pipelines: Ada Lovelace"),
    ],
)
def test_pipeline_applies_merged_documents(
    service: Service, tmp_path: Path, pipeline: str, instance: str, who: str
) -> None:
    folder = check_out(service, tmp_path, instance, policy="manage", upstream=[SIGNED])
    steps = list(scripts(pipeline))
    assert len(steps) == 3
    printed = [run(service, folder, step) for step in steps]
    assert "Documents with changes: 1 of 1." in printed[1]
    assert f"{instance}: succeeded" in printed[2]
    last, *_ = manage(service, "history", instance)["revisions"]
    assert (last["who"], last["comment"]) == (who, "0123abc")
    assert manage(service, "plan", instance)["plans"][0]["steps"] == []
    assert "Documents with changes: 0 of 1." in run(service, folder, steps[1])


@pytest.mark.parametrize("pipeline", ["github-actions-api.yml", "azure-pipelines-api.yml"])
def test_pipeline_applies_through_the_api(service: Service, tmp_path: Path, pipeline: str) -> None:
    (tmp_path / "ci").mkdir()
    shutil.copy(EXAMPLES / "apply-by-api.sh", tmp_path / "ci")
    manage(service, "import_instances", "--subscription", seed.SUBSCRIPTION_ID)
    manage(service, "set_policy", seed.CHAT, "manage")
    template = SIGNED | {"hubPattern": pipeline.partition("-")[0]}
    document = tmp_path / "templates.json"
    document.write_text(json.dumps([template]))
    manage(service, "set_upstream", seed.CHAT, str(document))
    (step,) = scripts(pipeline)
    environment = {
        "SIGNALMAN_URL": service.url,
        "SIGNALMAN_TOKEN": service.entra_token("Fleet.Operator"),
        "RESOURCE_GROUP": seed.REALTIME_GROUP,
        "CONFIRM_DESTRUCTIVE": "true",
    }
    printed = run(service, tmp_path, step, **environment)
    assert f"{seed.CHAT}: " in printed
    assert ": succeeded" in printed
    assert manage(service, "plan", seed.CHAT)["plans"][0]["steps"] == []
    assert run(service, tmp_path, step, **environment) == "Nothing to do.\n"


def test_refuses_apply_without_role(service: Service, tmp_path: Path) -> None:
    environment = service.programs.environment | {
        "SIGNALMAN_URL": service.url,
        "SIGNALMAN_TOKEN": service.entra_token(),
        "RESOURCE_GROUP": seed.REALTIME_GROUP,
        "RUN": "1",
    }
    outcome = subprocess.run(
        ["bash", str(EXAMPLES / "apply-by-api.sh")],  # noqa: S607
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode != 0
    assert "403" in outcome.stderr
