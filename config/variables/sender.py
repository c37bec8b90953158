"""Calls to the SignalR service: what hubs send, and the negotiation of clients."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import Variable

SERVICE_ENDPOINT: Final = Variable(
    "SIGNALMAN_SERVICE_ENDPOINT",
    env.endpoint_template,
    "https://{host}",
    "URL of an instance's REST API. {host} is replaced by the instance's host name in Azure,\n"
    "{instance} by its name. For Local Azure: https://localhost:<port>/signalr/{instance}",
)
CLIENT_ENDPOINT: Final = Variable(
    "SIGNALMAN_CLIENT_ENDPOINT",
    env.optional_endpoint_template,
    "",
    "URL to which clients connect, if it differs from SIGNALMAN_SERVICE_ENDPOINT, for example\n"
    "that of a gateway. It may be http on localhost, because browsers do not trust Local Azure's\n"
    "certificate.",
)
SERVICE_SCOPE: Final = Variable(
    "SIGNALMAN_SERVICE_SCOPE",
    env.required_text,
    "https://signalr.azure.com/.default",
    "Scope of the access tokens for an instance's REST API. The credential needs the role\n"
    "SignalR REST API Owner.",
)
CONNECTION_STRINGS_FILE: Final = Variable(
    "SIGNALMAN_CONNECTION_STRINGS_FILE",
    env.text,
    "",
    "File with the connection strings of instances that use an access key or another URL, with\n"
    'mode 600, as JSON: {"<instance>": "Endpoint=https://...;AccessKey=..."}. They are never\n'
    "stored in the database.",
)
DEFAULT_INSTANCE: Final = Variable(
    "SIGNALMAN_DEFAULT_INSTANCE",
    env.text,
    "",
    "Instance to which a hub sends outside of handlers, unless the hub or the call names one.",
)
SENDER_PRINCIPAL_ID: Final = Variable(
    "SIGNALMAN_SENDER_PRINCIPAL_ID",
    env.optional_uuid,
    "",
    "Object ID of the principal that sends messages, for the diagnosis of its role. By default\n"
    "the principal of the credential that reads Azure.",
)
SEND_RETRIES: Final = Variable(
    "SIGNALMAN_SEND_RETRIES",
    env.whole_number(),
    3,
    "Number of retries of a failed call to an instance's REST API, if the call may be repeated.",
)
SEND_RETRY_SECONDS: Final = Variable(
    "SIGNALMAN_SEND_RETRY_SECONDS",
    env.non_negative_number,
    0.8,
    "Seconds before each retry of such a call.",
)
SEND_SECONDS: Final = Variable(
    "SIGNALMAN_SEND_SECONDS",
    env.positive_number,
    20.0,
    "Maximum time in seconds of each attempt of such a call.",
)
NEGOTIATIONS_A_MINUTE: Final = Variable(
    "SIGNALMAN_NEGOTIATIONS_A_MINUTE",
    env.whole_number(1),
    60,
    "Number of negotiations in a minute for each user, or for each address if there is no user.",
)
