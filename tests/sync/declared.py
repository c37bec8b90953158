"""The built-in fleet, declared in a file that tests change and apply."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from identities.models import SignalRInstance
from localazure import seed
from sync.desired.state import declared_state
from sync.models import AuditEvent, DesiredRevision, Operation
from tests.cloud import LocalAzure
from tests.sync.commands import Outcome, run
from upstreams.models import FunctionApp

SYSTEM: Final = {"type": "SystemAssigned"}
SIGNED: Final[dict[str, Any]] = {
    "urlTemplate": "https://receiver.example/{hub}",
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "api://receiver"}},
}


class Fleet:
    """A file that declares the fleet."""

    def __init__(self, path: Path, cloud: LocalAzure) -> None:
        self.path = path
        self.cloud = cloud

    def read(self) -> dict[str, Any]:
        """Return the documents by the names of their resources."""
        documents = list(yaml.safe_load_all(self.path.read_text()))
        return {each.get("name") or each["id"].rsplit("/", 1)[-1]: each for each in documents}

    def change(self, name: str, /, **values: Any) -> None:
        """Replace values in the document of that name."""
        documents = self.read()
        documents[name] |= values
        self.write(documents)

    def write(self, documents: Mapping[str, Any]) -> None:
        """Replace the file by these documents."""
        self.path.write_text(yaml.safe_dump_all(documents.values(), sort_keys=False))

    def add(self, **document: Any) -> None:
        """Append a document."""
        document = {"apiVersion": "signalman/v1", **document}
        with self.path.open("a") as file:
            file.write("---\n" + yaml.safe_dump(document))

    def plan(self, *options: str) -> Outcome:
        """Plan the file."""
        return run("plan", "-f", str(self.path), *options)

    def apply(self, *options: str) -> Outcome:
        """Apply the file in this process."""
        return run(
            "apply", "-f", str(self.path), "--yes", "--confirm-destructive", "--inline", *options
        )


def reference(vault: str) -> dict[str, str]:
    """Return a template that names a secret of the vault."""
    secret = f"{{@Microsoft.KeyVault(SecretUri=https://{vault}.vault.azure.net/secrets/code)}}"
    return {"urlTemplate": f"https://receiver.example/?code={secret}"}


def rows() -> dict[str, Any]:
    """Return desired states and records, to compare."""
    return {
        "instances": list(SignalRInstance.objects.order_by("pk").values()),
        "states": [declared_state(row).to_json() for row in SignalRInstance.objects.with_desired()],
        "apps": list(FunctionApp.objects.order_by("pk").values("pk", "policy")),
        "revisions": DesiredRevision.objects.count(),
        "events": AuditEvent.objects.count(),
        "operations": Operation.objects.count(),
    }


def lab() -> SignalRInstance:
    """Return the instance that has nothing set."""
    return SignalRInstance.objects.with_desired().get(name=seed.LAB)
