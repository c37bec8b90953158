"""Calls to the SignalR service: what hubs send, and the negotiation of clients."""

from __future__ import annotations

from typing import Final

from config.environment_variables import parsers
from config.environment_variables.variable import Variable

SERVICE_ENDPOINT: Final = Variable(
    "SIGNALMAN_SERVICE_ENDPOINT",
    parsers.endpoint_template,
    "https://{host}",
    "URL of an instance's REST API. {host} is replaced by the instance's host name in Azure,\n"
    "{instance} by its name. For Local Azure: https://localhost:<port>/signalr/{instance}",
)
CLIENT_ENDPOINT: Final = Variable(
    "SIGNALMAN_CLIENT_ENDPOINT",
    parsers.optional_endpoint_template,
    "",
    "URL to which clients connect, if it differs from SIGNALMAN_SERVICE_ENDPOINT, for example\n"
    "that of a gateway. It may be http on localhost, because browsers do not trust Local Azure's\n"
    "certificate.",
)
SERVICE_SCOPE: Final = Variable(
    "SIGNALMAN_SERVICE_SCOPE",
    parsers.required_text,
    "https://signalr.azure.com/.default",
    "Scope of the access tokens for an instance's REST API. The credential needs the role\n"
    "SignalR REST API Owner.",
)
CONNECTION_STRINGS_FILE: Final = Variable(
    "SIGNALMAN_CONNECTION_STRINGS_FILE",
    parsers.text,
    "",
    "File with the connection strings of instances that use an access key or another URL, with\n"
    'mode 600, as JSON: {"<instance>": "Endpoint=https://...;AccessKey=..."}. They are never\n'
    "stored in the database.",
)
DEFAULT_INSTANCE: Final = Variable(
    "SIGNALMAN_DEFAULT_INSTANCE",
    parsers.text,
    "",
    "Instance to which a hub sends outside of handlers, unless the hub or the call names one.",
)
SENDER_PRINCIPAL_ID: Final = Variable(
    "SIGNALMAN_SENDER_PRINCIPAL_ID",
    parsers.optional_uuid,
    "",
    "Object ID of the principal that sends messages, for the diagnosis of its role. By default\n"
    "the principal of the credential that reads Azure.",
)
SEND_RETRIES: Final = Variable(
    "SIGNALMAN_SEND_RETRIES",
    parsers.whole_number(),
    3,
    "Number of retries of a failed call to an instance's REST API, if the call may be repeated.",
)
SEND_RETRY_SECONDS: Final = Variable(
    "SIGNALMAN_SEND_RETRY_SECONDS",
    parsers.non_negative_number,
    0.8,
    "Seconds before each retry of such a call.",
)
SEND_SECONDS: Final = Variable(
    "SIGNALMAN_SEND_SECONDS",
    parsers.positive_number,
    20.0,
    "Maximum time in seconds of each attempt of such a call.",
)
NEGOTIATIONS_A_MINUTE: Final = Variable(
    "SIGNALMAN_NEGOTIATIONS_A_MINUTE",
    parsers.whole_number(1),
    60,
    "Number of negotiations in a minute for each user, or for each address if there is no user.",
)
