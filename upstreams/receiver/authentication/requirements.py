"""Requirements of an instance's requests besides the token: a signature, a secret in the URL.

The operator switches them on. They are checked after the token and never replace it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from upstreams.receiver.authentication import url_secrets
from upstreams.receiver.authentication.signatures import is_signed
from upstreams.receiver.protocol.errors import ProofMissing, ProofUnavailable

_SIGNATURE: Final = "HTTP_X_ASRS_SIGNATURE"
_QUERY: Final = "QUERY_STRING"
_SIGNATURE_LENGTH: Final = 1024

KeysOf = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """The requirements of one instance.

    `url_secrets` are digests, any of which is accepted. `parameter` is the query parameter that
    holds the secret; it is empty where a segment of the path does.
    """

    signature: bool = False
    url_secret: bool = False
    url_secrets: tuple[str, ...] = ()
    parameter: str = ""

    def __bool__(self) -> bool:
        return self.signature or self.url_secret

    def check_url_secret(self, headers: Mapping[str, Any], rest: str) -> None:
        """Raise ProofMissing unless the URL holds the secret.

        `rest` is the part of the path after the instance's name.
        """
        if not self.url_secret:
            return
        if self.parameter:
            found = url_secrets.from_query(headers.get(_QUERY) or "", self.parameter)
        else:
            found = url_secrets.from_path(rest)
        if not found:
            raise ProofMissing("url_secret_missing", "The URL contains no secret.")
        if not url_secrets.is_one_of(found, self.url_secrets):
            raise ProofMissing("url_secret_wrong", "The secret in the URL is wrong.")

    def check_signature(
        self, headers: Mapping[str, Any], instance: str, connection_id: str, keys_of: KeysOf
    ) -> None:
        """Raise ProofMissing unless X-ASRS-Signature was made with one of the instance's keys.

        Raises ProofUnavailable where no access key can be read.
        """
        if not self.signature:
            return
        header: str = headers.get(_SIGNATURE) or ""
        if not header:
            raise ProofMissing("asrs_signature_missing", "X-ASRS-Signature is missing.")
        keys = keys_of(instance)
        if not keys:
            raise ProofUnavailable(
                "access_keys_unavailable", "No access key can be read to check X-ASRS-Signature."
            )
        if len(header) > _SIGNATURE_LENGTH or not is_signed(header, connection_id, keys):
            raise ProofMissing(
                "asrs_signature_wrong", "X-ASRS-Signature was created with another access key."
            )


NO_REQUIREMENTS: Final = Requirements()
