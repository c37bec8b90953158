"""The steps of the chat: no access key, a role for the sender, and two clients that chat."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from examples.demo.azure import LocalAzure
from examples.demo.client import ChatClient
from examples.demo.output import check, say, step

_ROOM: Final = "lobby"
_ROLE: Final = "SignalR REST API Owner"
# Both connect, join a room, send and disconnect; the first one sends twice.
EVENTS: Final = 9


def set_up(azure: LocalAzure, resource_group: str, instance: str) -> None:
    """Turn off the access keys of the instance, and assign Signalman the role for sending."""
    with step(f"Turn off the access keys of {instance}, and allow Signalman to send"):
        azure.disable_access_keys(resource_group, instance)
        check(
            not azure.has_access_keys(resource_group, instance), "the access keys can still be read"
        )
        say("disableLocalAuth is true: there are no access keys")
        azure.assign_role(resource_group, instance, _ROLE)
        say(f"Signalman's service principal has the role {_ROLE}")


def talk(portal: str) -> None:
    """Connect two clients, and check what each one receives."""
    with step("Two clients chat through the SignalR service"), ExitStack() as connections:
        ada, zoe = (connections.enter_context(ChatClient(portal, name)) for name in ("Ada", "Zoë"))
        say(f"connected at {ada.service_url}")
        ada.invoke("say_to_all", "Hello, everyone!")
        for client in (ada, zoe):
            client.invoke("join", _ROOM)
        zoe.invoke("say_to_room", _ROOM, "Hello, room!")
        ada.invoke("say_to_user", "Zoë", "Hello, Zoë!")
        expected = [
            ("Ada", "everyone", "Hello, everyone!"),
            ("Zoë", _ROOM, "Hello, room!"),
            ("Ada", "Zoë", "Hello, Zoë!"),
        ]
        for client in (ada, zoe):
            found = client.said(len(expected))
            check(found == expected, f"{client.name} received {found}, not {expected}")
            say(f"[green]received[/] by {client.name}:")
            for sender, to, text in found:
                say(f"  {sender} to {to}: {text}")
