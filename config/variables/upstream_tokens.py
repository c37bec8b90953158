"""Tokens of upstream requests."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import Variable

TOKEN_ISSUER: Final = Variable(
    "SIGNALMAN_TOKEN_ISSUER",
    env.tenant_issuer,
    # The v1 issuer: managed-identity tokens of the service carry no other by default.
    "https://sts.windows.net/{tenant_id}/",
    "The issuer that the service's tokens must name. That of the version which an app\n"
    "registration requests is accepted as well, once Signalman has read the registration.",
)
TOKEN_LEEWAY_SECONDS: Final = Variable(
    "SIGNALMAN_TOKEN_LEEWAY_SECONDS",
    env.whole_number(),
    60,
    "Clock difference that is tolerated in a token's times. Seconds.",
)
KEY_BACK_OFF_SECONDS: Final = Variable(
    "SIGNALMAN_KEY_BACK_OFF_SECONDS",
    env.positive_number,
    300.0,
    "Longest time for which an unknown key ID causes no further read of Entra's keys. Seconds.",
)
KEY_HOSTS: Final = Variable[list[str]](
    "SIGNALMAN_KEY_HOSTS",
    env.optional_hosts,
    [],
    "Hosts besides AZURE_AUTHORITY_HOST's that signing keys may be read from.",
)
