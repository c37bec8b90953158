"""Tokens of upstream requests."""

from __future__ import annotations

from typing import Final

from config.environment_variables import parsers
from config.environment_variables.variable import Variable

TOKEN_ISSUER: Final = Variable(
    "SIGNALMAN_TOKEN_ISSUER",
    parsers.tenant_issuer,
    # The v1 issuer: managed-identity tokens of the service carry no other by default.
    "https://sts.windows.net/{tenant_id}/",
    "Issuer that the service's tokens must have. The issuer of the token version that an app\n"
    "registration requests is also accepted, after Signalman has read the registration.",
)
TOKEN_LEEWAY_SECONDS: Final = Variable(
    "SIGNALMAN_TOKEN_LEEWAY_SECONDS",
    parsers.whole_number(),
    60,
    "Clock difference in seconds that is tolerated when the times of a token are checked.",
)
KEY_BACK_OFF_SECONDS: Final = Variable(
    "SIGNALMAN_KEY_BACK_OFF_SECONDS",
    parsers.positive_number,
    300.0,
    "Maximum time in seconds for which an unknown key ID does not cause another read of Entra's\n"
    "signing keys.",
)
KEY_HOSTS: Final = Variable[list[str]](
    "SIGNALMAN_KEY_HOSTS",
    parsers.optional_hosts,
    [],
    "Hosts from which signing keys may be read, in addition to that of AZURE_AUTHORITY_HOST.",
)
