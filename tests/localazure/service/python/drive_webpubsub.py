"""Calls the REST API with Microsoft's SDK of Web PubSub; prints what it answered as JSON.

Everything is called by Entra (with the environment's client secret), and the first calls by access
key too.
"""

from __future__ import annotations

import json
import os
import sys

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.messaging.webpubsubservice import WebPubSubServiceClient

MESSAGE = {"target": "said", "arguments": ["hello"]}
CONNECTION, USER = os.environ["CONNECTION_ID"], os.environ["USER_ID"]


def client(credential):
    """Return a client of the hub chat."""
    return WebPubSubServiceClient(
        os.environ["ENDPOINT"],
        "chat",
        credential,
        api_version="2024-12-01",
        credential_scopes=["https://signalr.azure.com/.default"],
    )


def outcome(call, *arguments, **options):
    """Return what a call returned, or its status."""
    try:
        returned = call(*arguments, **options)
    except HttpResponseError as error:
        return error.status_code
    return returned if isinstance(returned, bool) else "ok"


def main():
    """Make every call that the two APIs share."""
    by_entra = client(
        ClientSecretCredential(
            os.environ["AZURE_TENANT_ID"],
            os.environ["AZURE_CLIENT_ID"],
            os.environ["AZURE_CLIENT_SECRET"],
            authority=os.environ["AZURE_AUTHORITY_HOST"],
            disable_instance_discovery=True,
        )
    )
    by_key = client(AzureKeyCredential(os.environ["ACCESS_KEY"]))
    seen = {}
    for name, caller in (("key", by_key), ("entra", by_entra)):
        seen[name] = [
            outcome(caller.send_to_all, MESSAGE, content_type="application/json"),
            outcome(caller.send_to_all, MESSAGE, excluded=[CONNECTION]),
            outcome(caller.send_to_user, USER, MESSAGE),
            outcome(caller.send_to_connection, CONNECTION, MESSAGE),
            outcome(caller.connection_exists, CONNECTION),
            outcome(caller.connection_exists, "missing"),
            outcome(caller.user_exists, USER),
            outcome(caller.group_exists, "room/ü"),
            outcome(caller.add_connection_to_group, "room/ü", CONNECTION),
            outcome(caller.group_exists, "room/ü"),
            outcome(caller.send_to_group, "room/ü", MESSAGE),
            outcome(caller.remove_connection_from_group, "room/ü", CONNECTION),
            outcome(caller.send_to_group, "room/ü", MESSAGE),
            outcome(caller.add_user_to_group, "readers", USER),
            outcome(caller.send_to_group, "readers", MESSAGE, excluded=[CONNECTION]),
            outcome(caller.remove_user_from_group, "readers", USER),
            outcome(caller.remove_user_from_all_groups, USER),
            outcome(caller.remove_connection_from_all_groups, CONNECTION),
        ]
    seen["listed"] = [one.connection_id for one in by_entra.list_connections(group="missing")]
    seen["token"] = bool(by_entra.get_client_access_token(user_id="ada")["token"])
    seen["closed"] = outcome(by_entra.close_connection, CONNECTION, reason="enough")
    sys.stdout.write(json.dumps(seen))


main()
