"""What an instance's signed requests need of a Function App, beside what was read of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from arm.function_app_authentication import FunctionAppAuth
from identities.models import SignalRInstance
from sync.desired.state import observed_state, row_state
from upstreams.function_app_authentication import (
    Demand,
    Disagreement,
    disagreements,
    host_of,
    wanted,
)
from upstreams.function_app_requirements import demand_on, is_in_reach
from upstreams.models import FunctionApp

# Which line of the comparison a disagreement belongs to, by how its code begins.
_LINES: Final = {
    "authentication_off": "Authentication",
    "unauthenticated_allowed": "Requests without a token",
    "client_id_missing": "Client ID",
    "issuer_differs": "Issuer",
    "audience_missing": "Allowed audiences",
}
_AZURES_HOSTS: Final = ".azurewebsites.net"


@dataclass(frozen=True, slots=True)
class Line:
    """One setting: what the tokens need, what was found, and what does not agree."""

    label: str
    expected: str
    found: str
    disagreements: tuple[Disagreement, ...]


@dataclass(frozen=True, slots=True)
class App:
    """A Function App that templates point at, and how it agrees with this instance.

    `others` are disagreements that belong to no line. `is_mendable` says that a plan mends some of
    them, where the policy lets it.
    """

    row: FunctionApp
    is_in_reach: bool
    resources: tuple[str, ...]
    lines: tuple[Line, ...]
    others: tuple[Disagreement, ...]
    is_mendable: bool

    @property
    def agrees(self) -> bool:
        """Whether all that is known agrees."""
        return not self.others and not any(line.disagreements for line in self.lines)

    @property
    def standing(self) -> str:
        """How it stands, in a word or two."""
        if not self.is_in_reach or self.row.auth is None or self.row.problem:
            return "unknown"
        if not self.resources:
            return "not signed"
        return "agrees" if self.agrees else "disagrees"


def apps_of(instance: SignalRInstance) -> list[App]:
    """Return the known Function Apps that the templates point at, wanted or in Azure."""
    rows = FunctionApp.objects.serving(_urls(instance)).select_related("subscription")
    return [_app(row, instance) for row in rows]


def unknown_hosts(instance: SignalRInstance) -> list[str]:
    """Return the hosts of Function Apps, as their names tell, that nobody has imported."""
    hosts = {host for url in _urls(instance) if (host := host_of(url))}
    candidates = {host for host in hosts if host.endswith(_AZURES_HOSTS)}
    known = FunctionApp.objects.filter(host_name__in=candidates).values_list("host_name", flat=True)
    return sorted(candidates - {*known})


def _urls(instance: SignalRInstance) -> list[str]:
    states = (row_state(instance), observed_state(instance))
    return [each.url_template for state in states if state for each in state.templates]


def _app(row: FunctionApp, instance: SignalRInstance) -> App:
    signed = [each for each in row_state(instance).templates if each.auth_type != "None"]
    demand, auth = demand_on(row, instance, signed), row.auth
    found = disagreements(auth, demand) if auth else []
    return App(
        row,
        is_in_reach(row, instance),
        demand.resources,
        tuple(_lines(auth, demand, found)) if auth and demand.resources else (),
        tuple(each for each in found if each.code not in _LINES),
        is_mendable=auth is not None and wanted(auth, demand) != auth,
    )


def _lines(auth: FunctionAppAuth, demand: Demand, found: list[Disagreement]) -> Iterator[Line]:
    goal = wanted(auth, demand)
    values = {
        "Authentication": ("on", "on" if auth.is_enabled else "off"),
        "Requests without a token": (
            f"refused: {goal.unauthenticated_action}",
            auth.unauthenticated_action or "the default",
        ),
        "Issuer": (demand.issuer, auth.issuer),
        "Client ID": (goal.client_id or "an application's", auth.client_id),
        "Allowed audiences": (
            "contain " + ", ".join(demand.resources),
            ", ".join(auth.allowed_audiences) or "the client ID alone",
        ),
    }
    for label, (expected, is_now) in values.items():
        of_line = tuple(each for each in found if _LINES.get(each.code) == label)
        yield Line(label, expected, is_now or "not set", of_line)
