"""Requirements of an instance's requests besides the token: a signature, a secret in the URL.

The operator switches them on. They are checked after the token and never replace it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from upstreams.receiver.authentication.signatures import is_signed
from upstreams.receiver.authentication.url_secrets import UrlSecrets
from upstreams.receiver.protocol.refusals import ProofMissing, ProofUnavailable

_SIGNATURE: Final = "HTTP_X_ASRS_SIGNATURE"
_SIGNATURE_LENGTH: Final = 1024

KeysOf = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """The requirements of one instance. `url_secrets` is None if no secret is required."""

    signature: bool = False
    url_secrets: UrlSecrets | None = None

    def __bool__(self) -> bool:
        return self.signature or self.url_secrets is not None

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
            raise ProofMissing("asrs_signature_missing", "The header X-ASRS-Signature is missing.")
        keys = keys_of(instance)
        if not keys:
            raise ProofUnavailable(
                "access_keys_unavailable", "No access key can be read to check X-ASRS-Signature."
            )
        if len(header) > _SIGNATURE_LENGTH or not is_signed(header, connection_id, keys):
            raise ProofMissing(
                "asrs_signature_wrong",
                "X-ASRS-Signature does not match the access keys of the instance.",
            )


NO_REQUIREMENTS: Final = Requirements()
