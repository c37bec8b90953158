"""Calls to the SignalR service: what hubs send, and the negotiation of clients."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import Variable

SERVICE_ENDPOINT: Final = Variable(
    "SIGNALMAN_SERVICE_ENDPOINT",
    env.endpoint_template,
    "https://{host}",
    "Where an instance's REST API is called: {host} is its host name as last read from Azure,\n"
    "{instance} its name. Local Azure: https://localhost:<port>/signalr/{instance}",
)
CLIENT_ENDPOINT: Final = Variable(
    "SIGNALMAN_CLIENT_ENDPOINT",
    env.optional_endpoint_template,
    "",
    "Where clients connect, if not at SIGNALMAN_SERVICE_ENDPOINT: the address of a gateway, for\n"
    "example. May be http on localhost: browsers do not trust Local Azure's certificate.",
)
SERVICE_SCOPE: Final = Variable(
    "SIGNALMAN_SERVICE_SCOPE",
    env.required_text,
    "https://signalr.azure.com/.default",
    "The scope of the token; the credential needs the role SignalR REST API Owner.",
)
CONNECTION_STRINGS_FILE: Final = Variable(
    "SIGNALMAN_CONNECTION_STRINGS_FILE",
    env.text,
    "",
    "Connection strings of instances that are called with an access key or at an address of their\n"
    'own, as JSON in a file with mode 600: {"<instance>": "Endpoint=https://...;AccessKey=..."}.\n'
    "They are never stored in the database.",
)
DEFAULT_INSTANCE: Final = Variable(
    "SIGNALMAN_DEFAULT_INSTANCE",
    env.text,
    "",
    "The instance of hubs that name none, outside of handlers.",
)
SENDER_PRINCIPAL_ID: Final = Variable(
    "SIGNALMAN_SENDER_PRINCIPAL_ID",
    env.optional_uuid,
    "",
    "The object ID of the principal that sends, for the diagnosis of its role; by default that of\n"
    "the credential that reads Azure.",
)
SEND_RETRIES: Final = Variable(
    "SIGNALMAN_SEND_RETRIES",
    env.whole_number(),
    3,
    "Retries of a call that failed and may be repeated, the pause before each, and the time limit\n"
    "of one attempt. Seconds.",
)
SEND_RETRY_SECONDS: Final = Variable(
    "SIGNALMAN_SEND_RETRY_SECONDS", env.non_negative_number, 0.8, ""
)
SEND_SECONDS: Final = Variable("SIGNALMAN_SEND_SECONDS", env.positive_number, 20.0, "")
NEGOTIATIONS_A_MINUTE: Final = Variable(
    "SIGNALMAN_NEGOTIATIONS_A_MINUTE",
    env.whole_number(1),
    60,
    "Negotiations of each user, or of each address without a user, in a minute.",
)
