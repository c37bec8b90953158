"""Cases: one small YAML file for each public report of a set-up, with the expected findings.

A file has these keys:

title       the symptom, as a heading of docs/how-to/troubleshooting.md
sources     where it was reported or documented
symptom     what the user sees
cause       why it fails
fix         what to do
seed        what Azure has, in the form of `POST /_local/seed` (localazure/seed_loader.py)
templates   upstream templates of the instance `case`; `resource` stands for managed identity
identity    the identity of the instance; system-assigned by default
mode        the service mode; Serverless by default
features    feature flags, where the mode alone does not say it
properties  further properties of the instance, such as its shared private links
sends       whether SIGNALMAN_DEFAULT_INSTANCE names the instance; no by default
receiver_hosts  SIGNALMAN_RECEIVER_HOSTS
expect      findings by key: an outcome, or an outcome and a text of its evidence or fix
fails       whether any check fails; by default whether `expect` has a failure
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import yaml

REPORTS: Final = Path(__file__).parent / "reports"
GROUP: Final = "rg-cases"
INSTANCE: Final = "case"


@dataclass(frozen=True, slots=True)
class Case:
    """One report; see the module for the meaning of the fields."""

    name: str
    title: str
    sources: list[str]
    symptom: str
    cause: str
    fix: str
    expect: dict[str, str | list[str]]
    templates: list[dict[str, str]]
    identity: dict[str, Any] = field(default_factory=lambda: {"type": "SystemAssigned"})
    mode: str = "Serverless"
    features: list[dict[str, str]] | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    receiver_hosts: list[str] = field(default_factory=list)
    sends: bool = False
    seed: dict[str, Any] = field(default_factory=dict)
    fails: bool | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises TypeError for an unknown or missing key."""
        return cls(name=path.stem, **yaml.safe_load(path.read_text()))

    def seeded(self) -> dict[str, Any]:
        """Return the seed with the instance."""
        features = self.features or [{"flag": "ServiceMode", "value": self.mode}]
        properties = self.properties | {
            "features": features,
            "upstream": {"templates": [_template(each) for each in self.templates]},
        }
        instance = {"name": INSTANCE, "resourceGroup": GROUP, "properties": properties}
        if self.identity["type"] != "None":
            instance["identity"] = self.identity
        return {**self.seed, "instances": [instance]}

    @property
    def is_failure(self) -> bool:
        """Whether the diagnosis has a failed check."""
        if self.fails is not None:
            return self.fails
        return any(_outcome(each) == "fail" for each in self.expect.values())


def cases() -> list[Case]:
    """Return all cases, by name."""
    return [Case.read(path) for path in sorted(REPORTS.glob("*.yaml"))]


def expectation(value: str | list[str]) -> tuple[str, list[str]]:
    """Return the outcome that is expected, and the texts of the finding."""
    return (value, []) if isinstance(value, str) else (value[0], value[1:])


def _outcome(value: str | list[str]) -> str:
    return expectation(value)[0]


def _template(given: dict[str, str]) -> dict[str, Any]:
    template: dict[str, Any] = {
        "hubPattern": given.get("hub", "*"),
        "categoryPattern": given.get("category", "*"),
        "eventPattern": given.get("event", "*"),
        "urlTemplate": given["url"],
    }
    if "resource" in given:
        resource = {"resource": given["resource"]}
        template["auth"] = {"type": "ManagedIdentity", "managedIdentity": resource}
    return template
