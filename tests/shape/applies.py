"""Applies through the API, one after another for each of some instances, and their results.

A request without a usable answer is repeated with its Idempotency-Key, as a client should.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import psycopg
import requests

from localazure import seed
from tests.cloud import LocalAzure

# Of the desired state: as imported, and with an identity and a signed template.
IMPORTED_REVISION: Final = 1
SIGNED_REVISION: Final = 2
# In these steps.
WRITES: Final = 2
ACCEPTED: Final = 202
# The instances that are changed; others take the traffic.
PREFIX: Final = "contoso-fleet-"

_TEMPLATE: Final = {
    "urlTemplate": "https://receiver.example/{hub}",
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "api://receiver"}},
}
# One process for all, because each takes seconds to start. Prints a token of the API.
SET_UP: Final = f"""
from django.contrib.auth.models import User
from django.core.management import call_command
from accounts.models import DEFAULT_LIFETIME, PersonalAccessToken
from identities.models import ManagedIdentity, SignalRInstance
from sync.desired.history import Author, changing_desired
from sync.desired.management_policy import Policy, set_policy
from upstreams.url_templates.arm_json import load_templates
call_command("migrate", verbosity=0)
call_command("import_instances", "--json", subscription=[{seed.SUBSCRIPTION_ID!r}])
for instance in SignalRInstance.objects.filter(name__startswith={PREFIX!r}):
    set_policy(instance, Policy.MANAGE, who="ada")
    with changing_desired(instance, Author("ada", "set all")):
        instance.identity.become(ManagedIdentity.Type.SYSTEM_ASSIGNED)
        load_templates(instance, [{_TEMPLATE!r}])
ada = User.objects.create_superuser("ada")
scope = PersonalAccessToken.Scope.WRITE
_, secret = PersonalAccessToken.issue(ada, name="shape", scope=scope, lifetime=DEFAULT_LIFETIME)
print("token", secret)
"""
_TURN_SECONDS: Final = 0.2
# Answers after which the same request is sent again.
_REPEATED: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_REQUEST_SECONDS: Final = 30


@dataclass
class _Instance:
    """The next request for an instance, or the operation that is waited for."""

    name: str
    revision: int = IMPORTED_REVISION
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    digest: str = ""
    operation: str = ""
    not_before: float = 0.0

    def next_key(self) -> None:
        self.key = uuid.uuid4().hex


class Applies:
    """Starts applies in a thread until `stop`, and then waits until all have ended."""

    def __init__(
        self, url: str, token: str, names: Iterable[str], database: str, *, verify: str | bool
    ) -> None:
        self._url: Final = url + "/api/v1"
        self._session: Final = requests.Session()
        self._session.trust_env = False
        self._session.verify = verify
        self._session.headers["Authorization"] = f"Bearer {token}"
        self.database: Final = database
        self._instances: Final = [_Instance(name) for name in names]
        self._stopping = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, daemon=True)
        self.error: Exception | None = None
        # Statuses of the API's answers; what is no answer by its kind.
        self.answers: Final[Counter[int | str]] = Counter()
        self.operations: Final[set[str]] = set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Start no more applies, and wait until those that were started have ended."""
        self._stopping.set()
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"Operations do not end: {self.running}."
        if self.error is not None:
            raise self.error

    @property
    def running(self) -> list[str]:
        """The operations that have not ended."""
        return [each.operation for each in self._instances if each.operation]

    def _run(self) -> None:
        try:
            while not self._stopping.is_set() or self.running:
                self._forget_ended()
                for each in self._instances:
                    if not each.operation and time.monotonic() >= each.not_before:
                        self._advance(each)
                time.sleep(_TURN_SECONDS)
        except Exception as error:  # noqa: BLE001  # raised by `stop`
            self.error = error

    def _advance(self, each: _Instance) -> None:
        """Send the next request of an instance: a rollback, then the apply of its plan."""
        if self._stopping.is_set() and not each.digest:
            return
        if not each.digest:
            other = IMPORTED_REVISION + SIGNED_REVISION - each.revision
            plan = self._post(each, "rollback", {"number": other})
            if plan is not None:
                each.revision, each.digest = other, plan["digest"]
                each.next_key()
            return
        body = {"digest": each.digest, "confirm_destructive": True}
        operation = self._post(each, "apply", body)
        if operation is not None:
            each.operation, each.digest = operation["id"], ""
            self.operations.add(each.operation)
            each.next_key()

    def _post(self, each: _Instance, what: str, body: Mapping[str, Any]) -> Any:
        """Return the answer; None where there was none that says anything."""
        try:
            answer = self._session.post(
                f"{self._url}/instances/{each.name}/{what}/",
                json=body,
                headers={"Idempotency-Key": each.key},
                timeout=_REQUEST_SECONDS,
            )
        except requests.RequestException as error:
            self.answers[type(error).__name__] += 1
        else:
            self.answers[answer.status_code] += 1
            if answer.ok:
                return answer.json()
            if answer.status_code not in _REPEATED:
                raise AssertionError(f"{what} of {each.name}: {answer.status_code} {answer.text}")
        each.not_before = time.monotonic() + 1
        return None

    def _forget_ended(self) -> None:
        running = self.running
        if not running:
            return
        query = "SELECT id FROM sync_operation WHERE finished_at IS NOT NULL AND id = ANY(%s)"
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(self.database, connect_timeout=5) as connection,
        ):
            found = connection.execute(query, [[uuid.UUID(each) for each in running]])
            ended = {str(row[0]) for row in found}
            for each in self._instances:
                if each.operation in ended:
                    each.operation = ""


class AcceptedWrites:
    """Local Azure's own record of the writes that it accepted, collected as it forgets old ones."""

    def __init__(self, cloud: LocalAzure) -> None:
        self._cloud = cloud
        self._seen = 0
        self._writes: dict[int, dict[str, Any]] = {}

    def collect(self) -> None:
        """Read the requests since the last call. Call it before 10,000 more have arrived."""
        for entry in self._cloud.get(f"/_local/requests?method=PATCH&after={self._seen}"):
            self._writes[entry["number"]] = entry
        open_ = [number for number, entry in self._writes.items() if entry["status"] is None]
        # Those that are not answered yet are read again.
        self._seen = min([*open_, max(self._writes, default=0) + 1]) - 1

    def by_operation(self) -> dict[str, list[dict[str, Any]]]:
        """Return the accepted writes of each operation, oldest first."""
        found: dict[str, list[dict[str, Any]]] = {}
        for _, entry in sorted(self._writes.items()):
            if entry["served"] == ACCEPTED:
                operation = entry["headers"]["x-ms-client-request-id"]
                found.setdefault(operation, []).append(entry)
        return found


def sums_of_applies(
    database: str, started: set[str], writes: AcceptedWrites
) -> tuple[dict[str, int], list[str]]:
    """Return the sums of all operations, and what is wrong with them.

    Each has to succeed and to write each step once; three records have to agree: the operations'
    rows, the audit trail, and Azure's own.
    """
    writes.collect()
    accepted = writes.by_operation()
    with psycopg.connect(database) as connection:
        rows = _rows(connection, "SELECT id, state, error_message FROM sync_operation")
        steps = _rows(connection, "SELECT state FROM sync_operationstep")
        audit = _rows(connection, "SELECT 1 FROM sync_auditevent WHERE action LIKE 'write %'")
    known = {str(pk) for pk, _, _ in rows}
    taken = {
        pk: Counter((each["path"].lower(), repr(each["body"])) for each in accepted.get(pk, []))
        for pk in known
    }
    sums = {
        "operations_started": len(started),
        "operations_stored": len(known),
        "operations_succeeded": sum(state == "succeeded" for _, state, _ in rows),
        "steps_done": sum(state == "done" for (state,) in steps),
        "writes_in_audit_trail": len(audit),
        "writes_accepted_by_azure": sum(map(len, accepted.values())),
        "written_twice": sum(times - 1 for each in taken.values() for times in each.values()),
        "writes_lost": sum(max(WRITES - len(each), 0) for each in taken.values()),
    }
    problems = [f"{pk}: {state} {text}" for pk, state, text in rows if state != "succeeded"]
    problems += [f"{pk}: not both started and stored" for pk in known ^ started]
    problems += [f"{pk}: unknown, but Azure accepted a write" for pk in accepted.keys() - known]
    problems += [
        f"{pk}: {each}"
        for pk, each in taken.items()
        if len(each) != WRITES or each.total() != WRITES
    ]
    expected = WRITES * sums["operations_started"]
    for name in ("steps_done", "writes_in_audit_trail", "writes_accepted_by_azure"):
        if sums[name] != expected:
            problems.append(f"{name}: {sums[name]}, expected {expected}")
    return sums, problems


def _rows(connection: psycopg.Connection[tuple[Any, ...]], query: str) -> Sequence[Any]:
    return connection.execute(query.encode()).fetchall()
