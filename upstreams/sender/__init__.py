"""The sender: calls the service's data-plane REST API, for a hub's methods that send.

    from upstreams.sender import SendError

    chat.send_to_group("room1", "said", "hello")
    await chat.asend_to_user("ada", "said", "hello")

Each method has an asynchronous form with the prefix `a`, as Django's ORM has. The instance is the
one that `chat.on("name")` names, else the one of the request that a handler is handling, else the
hub's own (`Hub("chat", instance="name")`), else the setting SIGNALMAN_DEFAULT_INSTANCE.

The service is called at SIGNALMAN_SERVICE_ENDPOINT, a template: `{host}` is the instance's host
name as last observed, `{instance}` its name. The default is `https://{host}`; Local Azure's is
`https://localhost:<port>/signalr/{instance}`. Clients are sent to SIGNALMAN_CLIENT_ENDPOINT, a
template as well, by default the same. SIGNALMAN_CONNECTION_STRINGS_FILE, a JSON object of
connection strings by instance, is preferred to both, and the only place of access keys. Without a
key, the credential is azure-identity's DefaultAzureCredential, which needs the role SignalR REST
API Owner on the instance.

`calls`, `client_tokens`, `context`, `errors` and `hub_sender` are pure, and all that a hub
imports; `transport` sends.
"""

from __future__ import annotations

from upstreams.sender.client_tokens import Negotiation
from upstreams.sender.errors import InvalidCall, SendError

__all__ = ["InvalidCall", "Negotiation", "SendError"]
