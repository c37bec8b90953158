"""The REST API."""

from __future__ import annotations

from typing import Final

from config.environment_variables import parsers
from config.environment_variables.variable import Variable

API_TENANT_ID: Final = Variable(
    "SIGNALMAN_API_TENANT_ID",
    parsers.optional_uuid,
    "",
    "Tenant whose Entra access tokens the API accepts. Without this and SIGNALMAN_API_AUDIENCES,\n"
    "the API accepts only personal access tokens and sessions.",
)
API_AUDIENCES: Final = Variable[list[str]](
    "SIGNALMAN_API_AUDIENCES",
    parsers.words,
    [],
    "Audiences of the Entra access tokens that the API accepts.",
)
API_ISSUER: Final = Variable(
    "SIGNALMAN_API_ISSUER",
    parsers.issuer,
    "https://sts.windows.net/{tenant_id}/",
    "Issuer of the Entra access tokens that the API accepts. For v2 tokens:\n"
    "https://login.microsoftonline.com/{tenant_id}/v2.0",
)
API_REQUESTS_A_MINUTE: Final = Variable(
    "SIGNALMAN_API_REQUESTS_A_MINUTE",
    parsers.whole_number(1),
    600,
    "Number of API requests that each caller may send in a minute.",
)
API_REFUSALS_A_MINUTE: Final = Variable(
    "SIGNALMAN_API_REFUSALS_A_MINUTE",
    parsers.whole_number(1),
    60,
    "Number of refused credentials in a minute after which an address must wait. Behind a proxy,\n"
    "set SIGNALMAN_BEHIND_PROXY: the address is then the last one in X-Forwarded-For.",
)
