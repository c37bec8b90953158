"""The REST API."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import Variable

API_TENANT_ID: Final = Variable(
    "SIGNALMAN_API_TENANT_ID",
    env.optional_uuid,
    "",
    "The tenant and the audiences of Entra access tokens that the API accepts. Without both, it\n"
    "accepts personal access tokens and sessions only.",
)
API_AUDIENCES: Final = Variable[list[str]]("SIGNALMAN_API_AUDIENCES", env.words, [], "")
API_ISSUER: Final = Variable(
    "SIGNALMAN_API_ISSUER", env.issuer, "https://sts.windows.net/{tenant_id}/", ""
)
API_REQUESTS_A_MINUTE: Final = Variable(
    "SIGNALMAN_API_REQUESTS_A_MINUTE",
    env.whole_number(1),
    600,
    "Requests that each caller may send in a minute.",
)
API_REFUSALS_A_MINUTE: Final = Variable(
    "SIGNALMAN_API_REFUSALS_A_MINUTE",
    env.whole_number(1),
    60,
    "Refused credentials from one address in a minute, after which it must wait. Behind a\n"
    "proxy, see SIGNALMAN_BEHIND_PROXY: the address is the one appended to X-Forwarded-For.",
)
