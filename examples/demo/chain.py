"""The chain, step by step: each function is one step, and says in words what did not hold."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from examples.demo.azure import LocalAzure
from examples.demo.narration import hold, quote, say, step
from examples.demo.processes import Programs

# Of Local Azure's built-in fleet: one with nothing set, one that is hardened.
LAB: Final = "contoso-lab"
HARDENED: Final = "contoso-payments"
_GROUP: Final = "rg-payments"
RESOURCE: Final = "api://signalman-upstream"

# Exit codes of our commands.
_DONE: Final = 0
_CHANGES_PENDING: Final = 2
# A client connects, calls a method and leaves.
_EVENTS: Final = 3
# For deliveries to be written. Seconds.
_PATIENCE: Final = 15.0


@dataclass(frozen=True)
class Chain:
    """Everything the steps need: the running programs, Local Azure, and where the portal is."""

    programs: Programs
    azure: LocalAzure
    portal: str

    def run(self) -> None:
        """Take every step. Raises StepFailed at the first that does not hold."""
        self.import_fleet()
        self.want_identity_and_upstream()
        with step(f"{HARDENED} is hardened: no access keys, no public network"):
            before = self.unmanaged(HARDENED)
        self.plan_and_apply()
        self.nothing_else_changed(before)
        self.accepted_events()
        self.refused_events()
        self.what_the_portal_saw()

    def import_fleet(self) -> None:
        """Read the fleet; a plan straight after an import is empty."""
        with step("Import the fleet from Azure"):
            self.manage("import_instances")
        with step("Plan: nothing to do straight after an import"):
            self.manage("plan")

    def want_identity_and_upstream(self) -> None:
        """Change what is wanted, in Signalman only."""
        with step("Let Signalman write to two instances: an import only observes"):
            self.manage("set_policy", LAB, HARDENED, "manage")
        with step("Say what is wanted: one identity, and an upstream signed by it"):
            for instance in (LAB, HARDENED):
                self.manage("set_identity", instance, "--system-assigned")
                self.manage("set_upstream", instance, stdin=json.dumps([self.template(instance)]))

    def plan_and_apply(self) -> None:
        """Show the plan, carry it out, and show that nothing is left to do."""
        with step("Plan: what an apply would write"):
            self.manage("plan", LAB, HARDENED, expect=_CHANGES_PENDING)
        with step("Apply: the worker carries the plan out"):
            self.manage("apply", LAB, HARDENED, "--yes", "--wait")
        with step("Drift: Azure is now what Signalman wants"):
            self.manage("drift")

    def nothing_else_changed(self, before: dict[str, Any]) -> None:
        """Compare what Signalman does not manage on the hardened instance."""
        with step(f"{HARDENED} is as hardened as it was"):
            after = self.unmanaged(HARDENED)
            hold(after == before, f"unmanaged properties changed: {before} became {after}")
            for name in ("disableLocalAuth", "publicNetworkAccess"):
                say(f"{name} is still {after[name]}")

    def accepted_events(self) -> None:
        """Send what a client causes in its life, signed by the instance's identity."""
        with step("A client connects, calls a hub method and leaves"):
            self.accepted("connections", "connected")
            call = {"invocationId": "1", "arguments": ["hello"], "userId": "zoë"}
            frame = self.accepted("messages", "echo", **call)["clientFrame"]
            hold('"result":"hello"' in frame, f"the client got {frame!r}")
            say(f"the client got {frame.strip(chr(30))}")
            self.accepted("connections", "disconnected")

    def refused_events(self) -> None:
        """Send the same event with tokens that are wrong, each in its own way."""
        with step("Forged tokens are refused, each for its own reason"):
            for title, principal, resource, forgery, reason in forgeries():
                token = self.azure.token(principal, resource, **forgery)
                self.refused(title, token, reason)

    def what_the_portal_saw(self) -> None:
        """Read the deliveries back."""
        with step("What the portal recorded"):
            counts = self.recorded(_EVENTS + len(forgeries()))
            for reason, count in sorted(counts.items()):
                say(f"{count:3} {reason}")
            hold(counts.get("accepted") == _EVENTS, f"{_EVENTS} events were accepted: {counts}")
            missing = {reason for *_, reason in forgeries()} - set(counts)
            hold(not missing, f"no refusal was recorded for {sorted(missing)}")

    # --- the pieces ---

    def manage(
        self, *arguments: str, stdin: str = "", expect: int = _DONE, show: bool = True
    ) -> str:
        """Run a management command and return what it printed."""
        say(f"[bold]manage.py {' '.join(arguments)}[/]")
        result = self.programs.manage(*arguments, stdin=stdin)
        if show:
            quote(result.stdout)
        hold(
            result.returncode == expect,
            f"manage.py {arguments[0]} exited {result.returncode}, not {expect}: {result.stderr}",
        )
        return result.stdout

    def recorded(self, expected: int) -> dict[str, int]:
        """Return the deliveries by reason, once as many as expected were written, or time is up.

        The receiver writes them together, off the path of a request: a second later, usually.
        """
        deadline = time.monotonic() + _PATIENCE
        while True:
            printed = self.manage("deliveries", "--json", show=False)
            counts = {row["reason"] or "accepted": row["count"] for row in json.loads(printed)}
            if sum(counts.values()) >= expected or time.monotonic() > deadline:
                return counts

    def template(self, instance: str) -> dict[str, Any]:
        """Return the wanted template: everything to our receiver, signed."""
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
        """Send an event; hold that the receiver accepted it."""
        answer = self.azure.send_event(LAB, category, event, connectionId="zoe-1", **rest)
        hold(
            answer["status"] in {HTTPStatus.OK, HTTPStatus.NO_CONTENT},
            f"{event} was answered with {answer}",
        )
        say(f"[green]accepted[/] {category}/{event}: {answer['status']}")
        return answer

    def refused(self, title: str, token: str, reason: str) -> None:
        """Send an event with `token`; hold that it was refused for `reason`."""
        answer = self.azure.send_event(
            LAB, "messages", "echo", connectionId="mallory-1", arguments=["hello"], token=token
        )
        hold(answer["status"] == HTTPStatus.UNAUTHORIZED, f"{title} was answered with {answer}")
        hold(reason in answer["answer"], f"{title} was refused, but not for {reason}: {answer}")
        say(f"[red]refused[/]  {title}: {answer['status']} {reason}")


def forgeries() -> list[tuple[str, str, str, dict[str, Any], str]]:
    """Return each forgery: its title, whose token, for what, what is forged, and the reason."""
    return [
        ("an expired token", LAB, RESOURCE, {"claims": {"nbf": 1, "iat": 1, "exp": 2}}, "expired"),
        ("an unsigned token", LAB, RESOURCE, {"key": "none"}, "algorithm_not_allowed"),
        (
            "a token signed with the public key as a secret",
            LAB,
            RESOURCE,
            {"key": "hs256-public-key"},
            "algorithm_not_allowed",
        ),
        ("a token of an unknown key", LAB, RESOURCE, {"key": "unknown"}, "key_id_unknown"),
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
