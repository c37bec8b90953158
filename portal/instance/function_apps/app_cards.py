"""The cards of an instance's Function Apps: expected and current authentication settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from arm.function_apps.authentication import FunctionAppAuth
from arm.instance_state import TemplateState
from identities.models import SignalRInstance
from sync.desired.state import declared_state, observed_state
from upstreams.function_apps.authentication import desired_auth, mismatches
from upstreams.function_apps.instance_requests import is_same_tenant, signed_requests_to
from upstreams.function_apps.signed_requests import Mismatch, SignedRequests
from upstreams.models import FunctionApp
from upstreams.url_templates.hosts import host_of

# The row of the comparison for each disagreement code.
_LABELS: Final = {
    "authentication_off": "Authentication",
    "provider_off": "Authentication",
    "unauthenticated_allowed": "Requests without a token",
    "client_id_missing": "Client ID",
    "issuer_differs": "Issuer",
    "token_version_unknown": "Issuer",
    "token_versions_differ": "Issuer",
    "audience_missing": "Allowed audiences",
}
_AZURE_DOMAIN: Final = ".azurewebsites.net"


@dataclass(frozen=True, slots=True)
class SettingComparison:
    """One setting: the expected and the current value, and how they differ."""

    label: str
    expected: str
    current: str
    mismatches: tuple[Mismatch, ...]

    @property
    def is_accepted(self) -> bool | None:
        """Whether the current value is accepted; None if that cannot be seen."""
        if any(each.is_certain for each in self.mismatches):
            return False
        return None if self.mismatches else True


@dataclass(frozen=True, slots=True)
class AppCard:
    """A Function App that templates send to, compared with what this instance needs.

    `others` are mismatches without a row of their own. `is_fixable` tells whether a plan can fix
    at least one disagreement, where the app's policy allows it.
    """

    row: FunctionApp
    is_same_tenant: bool
    resources: tuple[str, ...]
    lines: tuple[SettingComparison, ...]
    others: tuple[Mismatch, ...]
    is_fixable: bool

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """All mismatches, those that cannot be seen included."""
        return (*self.others, *(each for line in self.lines for each in line.mismatches))

    @property
    def status(self) -> str:
        """The result of the comparison: match, mismatch, not signed or unknown."""
        if not self.is_same_tenant or self.row.auth is None or self.row.problem:
            return "unknown"
        if not self.resources:
            return "not signed"
        if any(each.is_certain for each in self.mismatches):
            return "mismatch"
        return "unknown" if self.mismatches else "match"


def compare_apps(instance: SignalRInstance) -> list[AppCard]:
    """Return the known Function Apps of the desired and the observed templates."""
    rows = FunctionApp.objects.serving(_urls(instance)).select_related("subscription")
    return [_compare(row, instance) for row in rows]


def unknown_hosts(instance: SignalRInstance) -> list[str]:
    """Return the host names in URL templates that are those of unknown Function Apps."""
    hosts = {host for url in _urls(instance) if (host := host_of(url))}
    candidates = {host for host in hosts if host.endswith(_AZURE_DOMAIN)}
    known = FunctionApp.objects.filter(host_name__in=candidates).values_list("host_name", flat=True)
    return sorted(candidates - {*known})


def _urls(instance: SignalRInstance) -> list[str]:
    states = (declared_state(instance), observed_state(instance))
    return [each.url_template for state in states if state for each in state.templates]


def _compare(row: FunctionApp, instance: SignalRInstance) -> AppCard:
    signed = [each for each in declared_state(instance).templates if each.auth_type != "None"]
    required, auth = signed_requests_to(row, instance, signed), row.auth
    # The settings of an app that uses a settings file are not in force.
    has_lines = auth is not None and not auth.is_from_file and not required.is_empty
    differences = mismatches(auth, required) if auth else []
    return AppCard(
        row,
        is_same_tenant(row, instance),
        _resources(row, signed),
        tuple(_lines(auth, required, differences)) if auth and has_lines else (),
        tuple(each for each in differences if each.code not in _LABELS),
        is_fixable=auth is not None and desired_auth(auth, required) != auth,
    )


def _resources(row: FunctionApp, signed: Iterable[TemplateState]) -> tuple[str, ...]:
    """Return the resources of the templates that send to the app."""
    return tuple(
        dict.fromkeys(
            each.resource
            for each in signed
            if each.resource and host_of(each.url_template) in row.hosts
        )
    )


def _switched(auth: FunctionAppAuth) -> str:
    if auth.is_enabled and not auth.is_provider_enabled:
        return "on, with the provider Microsoft disabled"
    return "on" if auth.is_enabled else "off"


def _lines(
    auth: FunctionAppAuth, required: SignedRequests, differences: list[Mismatch]
) -> Iterator[SettingComparison]:
    goal = desired_auth(auth, required)
    values = {
        "Authentication": ("on", _switched(auth)),
        "Requests without a token": (
            f"refused: {goal.unauthenticated_action}",
            auth.unauthenticated_action or "default",
        ),
        "Issuer": ("unknown" if required.undecided else goal.issuer, auth.issuer),
        "Client ID": (goal.client_id or "any application", auth.client_id),
        "Allowed audiences": (
            "unknown" if required.undecided else "include " + ", ".join(required.audiences),
            ", ".join(auth.allowed_audiences) or "only the client ID",
        ),
    }
    for label, (expected, current) in values.items():
        mismatches = tuple(each for each in differences if _LABELS.get(each.code) == label)
        yield SettingComparison(label, expected, current or "not set", mismatches)
