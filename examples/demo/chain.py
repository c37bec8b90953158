"""The steps of the demo, each with its checks."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from examples.demo import chat
from examples.demo.azure import LocalAzure
from examples.demo.output import check, quote, say, step
from examples.demo.processes import Programs

# Instances of Local Azure's seed: one without settings, and a hardened one.
LAB: Final = "contoso-lab"
HARDENED: Final = "contoso-payments"
_GROUP: Final = "rg-payments"
RESOURCE: Final = "api://signalman-upstream"

# Exit codes of management commands.
_DONE: Final = 0
_CHANGES_PENDING: Final = 2
# Connected twice, one method call, disconnected.
_EVENTS: Final = 4
# Time limit until deliveries are recorded, and until the receiver knows an identity. Seconds.
_TIMEOUT: Final = 15.0


@dataclass(frozen=True)
class Chain:
    """The running programs, Local Azure, and the portal's URL."""

    programs: Programs
    azure: LocalAzure
    portal: str

    def run(self) -> None:
        """Run all steps. Raises StepFailed at the first failure."""
        chat.set_up(self.azure, _GROUP, LAB)
        self.import_fleet()
        self.set_identity_and_upstream()
        with step(f"{HARDENED} is hardened: no access keys, no public network"):
            before = self.unmanaged(HARDENED)
        self.plan_and_apply()
        self.nothing_else_changed(before)
        self.accepted_events()
        chat.talk(self.portal)
        self.refused_events()
        self.recorded_deliveries()

    def import_fleet(self) -> None:
        """Import the instances; the plan after an import is empty."""
        with step("Import the fleet from Azure"):
            self.manage("import_instances")
        with step("Plan: nothing to do after an import"):
            self.manage("plan")

    def set_identity_and_upstream(self) -> None:
        """Change the desired state in Signalman."""
        with step("Allow Signalman to write to two instances"):
            self.manage("set_policy", LAB, HARDENED, "manage")
        with step("Set the desired state: an identity, and a signed upstream template"):
            for instance in (LAB, HARDENED):
                self.manage("set_identity", instance, "--system-assigned")
                self.manage("set_upstream", instance, stdin=json.dumps([self.template(instance)]))

    def plan_and_apply(self) -> None:
        """Show the plan, apply it, and show that there is no drift."""
        with step("Plan: the changes that an apply writes"):
            self.manage("plan", LAB, HARDENED, expect=_CHANGES_PENDING)
        with step("Apply: the worker writes the plan to Azure"):
            self.manage("apply", LAB, HARDENED, "--yes", "--wait")
        with step("Drift: none, Azure has the desired state"):
            self.manage("drift")

    def nothing_else_changed(self, before: dict[str, Any]) -> None:
        """Compare the hardened instance's properties that Signalman does not manage."""
        with step(f"{HARDENED} is still hardened"):
            after = self.unmanaged(HARDENED)
            check(after == before, f"unmanaged properties changed: {before} became {after}")
            for name in ("disableLocalAuth", "publicNetworkAccess"):
                say(f"{name} is still {after[name]}")

    def accepted_events(self) -> None:
        """Send a client's events, signed with the instance's identity."""
        with step("A client connects, calls a hub method and disconnects"):
            self.wait_for_receiver()
            self.accepted("connections", "connected")
            call = {"invocationId": "1", "arguments": ["hello"], "userId": "zoë"}
            frame = self.accepted("messages", "echo", **call)["clientFrame"]
            check('"result":"hello"' in frame, f"the client received {frame!r}")
            say(f"the client received {frame.strip(chr(30))}")
            self.accepted("connections", "disconnected")

    def refused_events(self) -> None:
        """Send an event with forged tokens."""
        with step("Forged tokens are refused, each with its reason"):
            for title, principal, resource, forgery, reason in forgeries():
                token = self.azure.token(principal, resource, **forgery)
                self.refused(title, token, reason)

    def recorded_deliveries(self) -> None:
        """Read the recorded deliveries."""
        with step("Deliveries as recorded in the portal"):
            events = _EVENTS + chat.EVENTS
            counts = self.recorded(events, {reason for *_, reason in forgeries()})
            for reason, count in sorted(counts.items()):
                say(f"{count:3} {reason}")
            check(
                counts.get("accepted") == events,
                f"{events} accepted deliveries were expected: {counts}",
            )
            missing = {reason for *_, reason in forgeries()} - set(counts)
            check(not missing, f"no refusal was recorded for {sorted(missing)}")

    # --- Steps' parts ---

    def manage(
        self, *arguments: str, stdin: str = "", expect: int = _DONE, show: bool = True
    ) -> str:
        """Run a management command and return what it printed."""
        say(f"[bold]manage.py {' '.join(arguments)}[/]")
        result = self.programs.manage(*arguments, stdin=stdin)
        if show:
            quote(result.stdout)
        check(
            result.returncode == expect,
            f"manage.py {arguments[0]} exited with {result.returncode} instead of {expect}: "
            f"{result.stderr}",
        )
        return result.stdout

    def wait_for_receiver(self) -> None:
        """Send an event until it is accepted: the receiver reads its policies every 5 seconds.

        Clients usually connect later, and Azure itself takes longer to apply a change.
        """
        deadline = time.monotonic() + _TIMEOUT
        event = {"category": "connections", "event": "connected", "connectionId": "early-1"}
        while self.azure.send_event(LAB, **event)["status"] == HTTPStatus.UNAUTHORIZED:
            check(
                time.monotonic() < deadline,
                f"the receiver did not accept the new identity within {_TIMEOUT:g} seconds",
            )
            time.sleep(0.5)

    def recorded(self, accepted: int, reasons: set[str]) -> dict[str, int]:
        """Return the deliveries by reason, once these are recorded or time is up.

        The receiver records them in batches, usually within a second.
        """
        deadline = time.monotonic() + _TIMEOUT
        while True:
            printed = self.manage("deliveries", "--json", show=False)
            counts = {row["reason"] or "accepted": row["count"] for row in json.loads(printed)}
            is_complete = counts.get("accepted", 0) >= accepted and reasons <= set(counts)
            if is_complete or time.monotonic() > deadline:
                return counts

    def template(self, instance: str) -> dict[str, Any]:
        """Return a signed template that sends all events to the receiver of this demo."""
        return {
            "urlTemplate": f"{self.portal}/upstream/{instance}/",
            "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": RESOURCE}},
        }

    def unmanaged(self, instance: str) -> dict[str, Any]:
        """Return the instance's properties in Azure without what Signalman manages."""
        resource = self.azure.instance(_GROUP, instance)
        properties = dict(resource["properties"])
        del properties["upstream"]
        return {**properties, "tags": resource.get("tags"), "sku": resource["sku"]}

    def accepted(self, category: str, event: str, **rest: Any) -> dict[str, Any]:
        """Send an event, and check that the receiver accepts it."""
        answer = self.azure.send_event(LAB, category, event, connectionId="zoe-1", **rest)
        check(
            answer["status"] in {HTTPStatus.OK, HTTPStatus.NO_CONTENT},
            f"{event} was not accepted: {answer}",
        )
        say(f"[green]accepted[/] {category}/{event}: {answer['status']}")
        return answer

    def refused(self, title: str, token: str, reason: str) -> None:
        """Send an event with `token`, and check that it is refused for `reason`."""
        answer = self.azure.send_event(
            LAB, "messages", "echo", connectionId="mallory-1", arguments=["hello"], token=token
        )
        check(
            answer["status"] == HTTPStatus.UNAUTHORIZED,
            f"{title} was not refused with 401: {answer}",
        )
        # The answer does not name the claim that differs; the recorded delivery does.
        code = "claims_mismatch" if reason.startswith("wrong_") else reason
        check(code in answer["answer"], f"{title} was refused, but not for {reason}: {answer}")
        say(f"[red]refused[/]  {title}: {answer['status']} {reason}")


def forgeries() -> list[tuple[str, str, str, dict[str, Any], str]]:
    """Return the forgeries: title, principal, resource, changes, and reason of the refusal."""
    return [
        ("an expired token", LAB, RESOURCE, {"claims": {"nbf": 1, "iat": 1, "exp": 2}}, "expired"),
        ("an unsigned token", LAB, RESOURCE, {"key": "none"}, "algorithm_not_allowed"),
        (
            "a token signed with the public key as the secret",
            LAB,
            RESOURCE,
            {"key": "hs256-public-key"},
            "algorithm_not_allowed",
        ),
        ("a token signed with an unknown key", LAB, RESOURCE, {"key": "unknown"}, "key_id_unknown"),
        ("a token for another audience", LAB, "api://payroll", {}, "wrong_audience"),
        ("a token of another instance's identity", "contoso-chat", RESOURCE, {}, "wrong_principal"),
        (
            "a token of another tenant",
            LAB,
            RESOURCE,
            {"tenant": "aaaaaaaa-0000-4000-8000-000000000002"},
            "wrong_issuer",
        ),
    ]
