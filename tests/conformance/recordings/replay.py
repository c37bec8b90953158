"""One recording, sent to a fresh Local Azure request by request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.conformance.recordings.comparison import Comparison
from tests.conformance.recordings.exchanges import Answer, Exchange, unsigned
from tests.conformance.recordings.names import request_name

# Paths that Local Azure serves.
_SERVED = re.compile(
    r"/providers/Microsoft\.(SignalRService|ManagedIdentity|KeyVault|Authorization)/.+"
    r"|/tenants"
    r"|/subscriptions(/[^/]+(/resourcegroups(/[^/]+)?|/operationresults/[^/]+)?)?"
    r"|/subscriptions/.*/providers/Microsoft\."
    r"(SignalRService|ManagedIdentity|KeyVault|Authorization)/.+"
    r"|/subscriptions/.*/providers/Microsoft\.Web/sites(/.*)?",
    re.IGNORECASE,
)
_SERVED_BY_GRAPH = re.compile(r"/v1\.0/(applications|servicePrincipals)(/.*)?", re.IGNORECASE)
_SERVED_BY_VAULT = re.compile(r"/(deleted)?secrets(/.*)?", re.IGNORECASE)
# What others need, and is sent without a comparison.
_NEEDED = re.compile(
    r".*/providers/Microsoft\.(Network/privateEndpoints|Web/serverfarms)/[^/]+", re.IGNORECASE
)
_VAULT_HOST = ".vault.azure.net"
_ARM_HOST = "management.azure.com"
_GRAPH_HOST = "graph.microsoft.com"

_RUNNING = frozenset(
    {"running", "creating", "updating", "inprogress", "accepted", "deleting", "registeringdns"}
)
_GROUP = re.compile(r"/resourceGroups/([^/?\"&]+)", re.IGNORECASE)
_IDENTITY = re.compile(
    r"/subscriptions/[^/\"]+(/resourceGroups/[^/\"]+/providers/Microsoft\.ManagedIdentity"
    r"/userAssignedIdentities/[^/\"?]+)",
    re.IGNORECASE,
)
_LOCATION = re.compile(r'"location":\s*"([^"]+)"')
_EXISTING = re.compile(
    r".*/providers/(microsoft\.keyvault/vaults|microsoft\.signalrservice/signalr)/[^/]+"
)
_DELETED_VAULT = re.compile(r".*/providers/Microsoft\.KeyVault/locations/[^/]+/deletedVaults/[^/]+")
_PRINCIPAL = re.compile(r'"principalId":\s*"([^"]+)"')
_UNAUTHENTICATED = 401
_ACCEPTED = 202
_ERROR = 400
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Result:
    """The result of the replay of one request.

    `is_refused` says that Azure answered with success and Local Azure with an error; then there is
    nothing else to compare. `follows_refusal` says that an earlier refusal made it fail.
    """

    number: int
    name: str
    differences: list[str] = field(default_factory=list)
    is_refused: bool = False
    follows_refusal: bool = False


class Replay:
    """A recording against a Local Azure, which it resets."""

    def __init__(self, cloud: LocalAzure, exchanges: list[Exchange]) -> None:
        self._cloud = cloud
        self._exchanges = exchanges
        self._comparison = Comparison(cloud.url)
        self._operations: dict[str, str] = {}
        self._refused: set[str] = set()
        self._tokens: dict[str, str] = {}
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(cloud.ca_file)

    def run(self) -> Iterator[Result]:
        """Send every request in scope and yield the results."""
        self._prepare()
        for number, exchange in enumerate(self._exchanges):
            if _is_needed(exchange):
                self._send(exchange)
            elif resource_of(exchange):
                yield self._result(number, exchange)

    def _result(self, number: int, exchange: Exchange) -> Result:
        if not _shows_running(exchange):
            self._cloud.post("/_local/operations/finish")
        name = request_name(exchange.method, _local_path(exchange))
        local = self._send(exchange)
        if local.status >= _ERROR > exchange.answer.status:
            return self._refusal(number, name, exchange, local)
        self._learn_operations(exchange.answer, local)
        differences = self._comparison.differences(exchange.answer, local)
        return Result(number, name, differences)

    def _refusal(self, number: int, name: str, exchange: Exchange, local: Answer) -> Result:
        key = _local_path(exchange).lower()
        follows = any(key.startswith(refused) for refused in self._refused)
        follows = follows or unsigned(exchange.url) in self._refused
        self._refused |= {
            unsigned(exchange.answer.headers[header])
            for header in ("azure-asyncoperation", "location")
            if header in exchange.answer.headers
        }
        if exchange.method == "PUT":
            self._refused.add(key)
        message = (
            f"refused: Azure {exchange.answer.status}, local {local.status} {local.text[:200]}"
        )
        return Result(number, name, [message], is_refused=True, follows_refusal=follows)

    def _learn_operations(self, recorded: Answer, local: Answer) -> None:
        for header in ("azure-asyncoperation", "location"):
            if header in recorded.headers and header in local.headers:
                self._operations[unsigned(recorded.headers[header])] = local.headers[header]

    def _send(self, exchange: Exchange) -> Answer:
        """Send a recorded request with the local values."""
        headers = {}
        if exchange.answer.status != _UNAUTHENTICATED:
            headers["Authorization"] = f"Bearer {self._token(resource_of(exchange))}"
        body = self._comparison.translated(exchange.body)
        if "/microsoft.keyvault/" in exchange.path.lower():
            body = _as_owner(body)
        if body:
            headers["Content-Type"] = "application/json"
        url = self._operations.get(unsigned(exchange.url)) or self._url(exchange)
        return self._request(exchange.method, url, body, headers)

    def _request(self, method: str, url: str, body: str, headers: dict[str, str]) -> Answer:
        answer = self._session.request(
            method,
            url,
            data=body.encode() or None,
            headers=headers,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, lowered, answer.text)

    def _url(self, exchange: Exchange) -> str:
        path = quote(unquote(_local_path(exchange)), safe="/@:()',$")
        parameters = [(name, self._comparison.translated(value)) for name, value in exchange.query]
        query = urlencode(parameters, quote_via=quote, safe="$")
        return self._cloud.url + self._comparison.translated(path) + (f"?{query}" if query else "")

    def _token(self, resource: str) -> str:
        if resource not in self._tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": seed.CLIENT_ID,
                "client_secret": seed.CLIENT_SECRET,
                "scope": f"{resource}/.default",
            }
            url = f"{self._cloud.url}/{seed.TENANT_ID}/oauth2/v2.0/token"
            answer = self._session.post(url, data=form, timeout=_TIMEOUT_SECONDS)
            self._tokens[resource] = answer.json()["access_token"]
        return self._tokens[resource]

    def _prepare(self) -> None:
        """Create the resources that the recording requires."""
        self._cloud.reset()
        self._cloud.post("/_local/operations", {"polls": 1_000_000})
        created = {one.path.lower() for one in self._exchanges if one.method == "PUT"}
        everything = "\n".join(f"{one.url}\n{one.body}" for one in self._exchanges)
        found = _LOCATION.search(everything)
        location = found[1] if found else "eastus"
        for group in dict.fromkeys(_GROUP.findall(everything)):
            if not any(one.endswith(f"/resourcegroups/{group.lower()}") for one in created):
                self._put_group(group, location)
        for identity in dict.fromkeys(_IDENTITY.findall(everything)):
            if not any(one.endswith(identity.lower()) for one in created):
                path = f"/subscriptions/{seed.SUBSCRIPTION_ID}{identity}"
                self._put(path, "2023-01-31", {"location": location})
        self._prepare_principals()
        self._delay_replication()
        self._prepare_existing()
        self._prepare_deleted_vaults()

    def _put_group(self, group: str, location: str) -> None:
        """Create a resource group, as a later read shows it."""
        body: dict[str, Any] = {"location": location}
        for one in self._exchanges:
            is_read = one.method == "GET" and one.answer.status < _ERROR
            if is_read and one.path.lower().endswith(f"/resourcegroups/{group.lower()}"):
                shown = one.answer.document
                body = {name: shown[name] for name in ("location", "tags") if shown.get(name)}
                break
        path = f"/subscriptions/{seed.SUBSCRIPTION_ID}/resourceGroups/{group}"
        self._put(path, "2021-04-01", body)

    def _prepare_principals(self) -> None:
        """Register the principals to which Azure let roles be assigned."""
        for one in self._exchanges:
            if "/roleassignments/" in one.path.lower() and one.answer.status < _ERROR:
                found = _PRINCIPAL.search(one.body)
                if found and one.method == "PUT" and not self._is_known(found[1]):
                    application = {"appId": found[1], "principalId": found[1], "displayName": "x"}
                    self._cloud.seed(applications=[application])

    def _delay_replication(self) -> None:
        """Delay the replication of new principals as recorded."""
        unknown = sum("PrincipalNotFound" in one.answer.text for one in self._exchanges)
        self._cloud.post("/_local/directory", {"delay": unknown})

    def _is_known(self, principal_id: str) -> bool:
        """Return whether the recording creates the principal, so that the replay does too."""
        return any(
            one.method == "PUT"
            and principal_id in one.answer.text
            and "principalId" not in one.body
            for one in self._exchanges
        )

    def _prepare_existing(self) -> None:
        """Create the vaults and instances that the recording reads before it writes them."""
        known: set[str] = set()
        for one in self._exchanges:
            path = one.path.lower()
            if one.method == "PUT":
                known.add(path)
            is_read = one.method == "GET" and one.answer.status < _ERROR
            if is_read and _EXISTING.fullmatch(path) and path not in known:
                known.add(path)
                self._put_as_shown(one)
            vault = one.host.removesuffix(_VAULT_HOST)
            has_vault = any(path.endswith(f"/vaults/{vault.lower()}") for path in known)
            if one.host.endswith(_VAULT_HOST) and not has_vault:
                known.add(f"/vaults/{vault.lower()}")
                self._cloud.seed(vaults=[_open_vault(vault)])

    def _put_as_shown(self, read: Exchange) -> None:
        document = json.loads(_as_owner(read.answer.text))
        kept = ("location", "tags", "sku", "properties")
        body = {name: document[name] for name in kept if document.get(name) is not None}
        self._put(self._comparison.translated(read.path), dict(read.query)["api-version"], body)

    def _prepare_deleted_vaults(self) -> None:
        """Create and delete the vaults that the recording finds deleted."""
        for one in self._exchanges:
            is_read = one.method == "GET" and one.answer.status < _ERROR
            if not (is_read and _DELETED_VAULT.fullmatch(one.path)):
                continue
            properties = one.answer.document["properties"]
            path = self._comparison.translated(properties["vaultId"])
            self._put_group(path.split("/")[4], properties["location"])
            vault = _open_vault(path.rsplit("/", 1)[-1])["properties"]
            vault |= {"tenantId": seed.TENANT_ID, "sku": {"family": "A", "name": "standard"}}
            body = {"location": properties["location"], "properties": vault}
            self._put(path, "2023-07-01", body | {"tags": properties.get("tags") or {}})
            self._put(path, "2023-07-01", None, method="DELETE")
            # The recording creates the group itself.
            group = path.partition("/providers/")[0]
            self._put(group, "2021-04-01", None, method="DELETE")
            self._cloud.post("/_local/operations/finish")

    def _put(self, path: str, version: str, body: Any, method: str = "PUT") -> None:
        headers = {
            "Authorization": f"Bearer {self._token(f'https://{_ARM_HOST}')}",
            "Content-Type": "application/json",
        }
        url = f"{self._cloud.url}{path}?api-version={version}"
        self._request(method, url, json.dumps(body) if body else "", headers)


def resource_of(exchange: Exchange) -> str:
    """Return the resource of the token for a request; the empty text if it is out of scope."""
    host = exchange.host or _ARM_HOST
    if host.startswith("management.") and (
        _SERVED.fullmatch(exchange.path) or _is_needed(exchange)
    ):
        return f"https://{_ARM_HOST}"
    if host == _GRAPH_HOST and _SERVED_BY_GRAPH.fullmatch(exchange.path):
        return f"https://{_GRAPH_HOST}"
    if host.endswith(_VAULT_HOST) and _SERVED_BY_VAULT.fullmatch(exchange.path):
        return "https://vault.azure.net"
    return ""


def _is_needed(exchange: Exchange) -> bool:
    return exchange.method in ("PUT", "DELETE") and bool(_NEEDED.fullmatch(exchange.path))


def _local_path(exchange: Exchange) -> str:
    if exchange.host.endswith(_VAULT_HOST):
        return f"/keyvault/{exchange.host.removesuffix(_VAULT_HOST)}{urlsplit(exchange.url).path}"
    return exchange.path


def _shows_running(exchange: Exchange) -> bool:
    """Return whether a recorded read shows an operation that has not ended."""
    if exchange.method != "GET":
        return False
    document = exchange.answer.document
    if not isinstance(document, dict):
        return exchange.answer.status == _ACCEPTED
    properties = document.get("properties")
    state = properties.get("provisioningState") if isinstance(properties, dict) else None
    return str(document.get("status") or state).lower() in _RUNNING


def _as_owner(text: str) -> str:
    """Replace the principal of access policies and the tenant of vaults by the local ones."""
    text = re.sub(r'("objectId":\s*")[^"]+', rf"\g<1>{seed.CLIENT_OBJECT_ID}", text)
    return re.sub(r'("tenantId":\s*")[^"]+', rf"\g<1>{seed.TENANT_ID}", text)


def _open_vault(name: str) -> dict[str, Any]:
    policy = {
        "tenantId": seed.TENANT_ID,
        "objectId": seed.CLIENT_OBJECT_ID,
        "permissions": {"secrets": ["all"], "keys": ["all"], "certificates": ["all"]},
    }
    return {"name": name, "resourceGroup": "replayed", "properties": {"accessPolicies": [policy]}}
