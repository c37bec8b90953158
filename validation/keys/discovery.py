"""OpenID discovery: from an authority and a tenant to the signing keys, over HTTPS.

URLs are built from the configuration, never from a token. Responses that are large, slow,
redirected, or name another host than the authority's are refused.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util.ssl_ import create_urllib3_context

from validation.encoding import json_object
from validation.errors import KeysUnavailable, LocalFault, Refused
from validation.keys.connection_errors import entra_error, explain, explain_local, is_local
from validation.keys.jwks import SigningKey, read_key_set
from validation.policy import TokenPolicy

CONNECT_SECONDS: Final = 3.05
READ_SECONDS: Final = 5.0
# For both documents, from the first connection to the last byte: a host that sends
# slowly could stay within READ_SECONDS for ever.
READING_SECONDS: Final = 8.0
# Entra's configuration has 2 KiB; its key set, with certificates, about 15.
MAX_DOCUMENT_BYTES: Final = 256 * 1024

# v1 tokens must be checked against the v1 document, which names another issuer than the v2 one.
_DOCUMENT: Final = {
    "1.0": "/{tenant}/.well-known/openid-configuration",
    "2.0": "/{tenant}/v2.0/.well-known/openid-configuration",
}
_CHUNK_BYTES: Final = 16 * 1024
_OK: Final = 200


class _NoAuth(AuthBase):
    """Sends no credential: without this, requests looks for one in ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Adapter(HTTPAdapter):
    """Connects with the given TLS context, directly and through a proxy."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context: Final = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, **options, ssl_context=self._context)


class _Session(requests.Session):
    """The connections of one reading, closed at its deadline."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock: Final = clock
        self._deadline: Final = clock() + READING_SECONDS
        self.auth = _NoAuth()
        # Trusts no certificate authority yet: requests adds them.
        context = create_urllib3_context()
        context.sslsocket_class = _socket_class(self.seconds_left)
        self.mount("https://", _Adapter(context))

    def seconds_left(self) -> float:
        """Return the seconds until the deadline."""
        return self._deadline - self._clock()


def _socket_class(seconds_left: Callable[[], float]) -> type[ssl.SSLSocket]:
    """Return a socket class that stops receiving at the deadline.

    The time-outs of requests bound each read, and headers may come in any number of reads.
    """

    class BoundedSocket(ssl.SSLSocket):
        def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
            left = seconds_left()
            if left <= 0:
                raise TimeoutError
            self.settimeout(min(left, READ_SECONDS))
            return super().recv_into(buffer, nbytes, flags)

    return BoundedSocket


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """Reads the signing keys of one issuer.

    `authority` is Entra's address, `https://login.microsoftonline.com` or a national cloud's.
    `key_hosts` are hosts besides the authority's that the key set may live on.
    """

    authority: str
    tenant_id: str
    issuer: str
    version: str = "1.0"
    key_hosts: frozenset[str] = frozenset()
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, policy: TokenPolicy, *, authority: str, key_hosts: frozenset[str]) -> Discovery:
        """Return the discovery for a policy."""
        return cls(
            authority=authority,
            tenant_id=policy.tenant_id,
            issuer=policy.issuer,
            version=policy.version,
            key_hosts=key_hosts,
        )

    @property
    def document_url(self) -> str:
        """The URL of the OpenID configuration."""
        path = _DOCUMENT[self.version].format(tenant=self.tenant_id)
        return f"{self.authority.rstrip('/')}{path}"

    def signing_keys(self) -> dict[str, SigningKey]:
        """Read configuration and key set. Raises KeysUnavailable with the reason as its message."""
        with _Session(self.clock) as session:
            configuration = self._document(session, self.document_url)
            self._refuse_other_issuer(configuration)
            return read_key_set(self._document(session, self._keys_url(configuration)))

    def _refuse_other_issuer(self, configuration: dict[str, object]) -> None:
        # OpenID Connect Discovery 1.0, section 4.3.
        if configuration.get("issuer") != self.issuer:
            raise KeysUnavailable(
                f"{self.document_url} is the configuration of another issuer than {self.issuer}; "
                "check the authority, the tenant and the token version"
            )

    def _keys_url(self, configuration: dict[str, object]) -> str:
        url = configuration.get("jwks_uri")
        hosts = {urlsplit(self.authority).netloc.lower(), *self.key_hosts}
        # Compared as text: two parsers can disagree on which host an odd address names.
        if not isinstance(url, str) or not url.startswith(tuple(f"https://{h}/" for h in hosts)):
            raise KeysUnavailable(
                f"{self.document_url} names a key set that is not on the authority's host over "
                "https; if the host is right, add it to KEY_HOSTS"
            )
        return url

    def _document(self, session: _Session, url: str) -> dict[str, object]:
        if urlsplit(url).scheme != "https":
            raise KeysUnavailable(f"{url} is not an https URL")
        try:
            with session.get(
                url,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                # A compressed response could expand to any size.
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            ) as response:
                body = self._body(response, url)
            return json_object(body, "document")
        except (requests.RequestException, OSError) as error:
            if session.seconds_left() <= 0:
                raise KeysUnavailable(
                    f"{url} did not finish within {READING_SECONDS:.0f} s"
                ) from error
            if is_local(error):
                raise LocalFault(explain_local(error)) from error
            raise KeysUnavailable(f"{url} did not respond: {explain(error)}") from error
        except Refused as refusal:
            reason = str(refusal).rstrip(".")
            raise KeysUnavailable(f"{url} sent an invalid document: {reason}") from refusal

    def _body(self, response: requests.Response, url: str) -> bytes:
        if response.status_code != _OK:
            raise KeysUnavailable(f"{url} {self._refusal(response)}")
        return self._content(response, url)

    def _refusal(self, response: requests.Response) -> str:
        """Return the status, and Entra's own error where the answer has one."""
        with suppress(KeysUnavailable):
            if error := entra_error(self._content(response, "")):
                return f"answered {response.status_code}: {error}"
        return f"answered {response.status_code}, not 200"

    def _content(self, response: requests.Response, url: str) -> bytes:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise KeysUnavailable(f"{url} sent a compressed response that was not requested")
        body = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_DOCUMENT_BYTES:
                raise KeysUnavailable(f"{url} sent more than {MAX_DOCUMENT_BYTES} bytes")
        return bytes(body)
