"""Drives signalrcore in both protocols; prints what happened as JSON.

Its threads may outlive `stop()`, so the process ends without them.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading

from signalrcore.hub_connection_builder import HubConnectionBuilder
from signalrcore.protocol.json_hub_protocol import JsonHubProtocol
from signalrcore.protocol.messagepack_protocol import MessagePackHubProtocol

APPLICATION = os.environ["APPLICATION_URL"]
PATIENCE_SECONDS = 20


def drive(name, protocol):
    """Return what a client of that protocol saw."""
    connection = (
        HubConnectionBuilder()
        .with_url(f"{APPLICATION}/valid?user=core-{name}")
        .with_hub_protocol(protocol)
        .build()
    )
    said, completed, opened = queue.Queue(), queue.Queue(), threading.Event()
    connection.on("said", said.put)
    connection.on_open(opened.set)
    connection.on_error(lambda message: completed.put(["error", message.error]))
    connection.start()
    assert opened.wait(PATIENCE_SECONDS)

    def invoke(method, *arguments):
        connection.send(method, list(arguments), lambda message: completed.put(message.result))
        return completed.get(timeout=PATIENCE_SECONDS)

    seen = {"result": invoke("echo", {"text": "hé"}), "joined": invoke("join", "room")}
    connection.send("fail", [])
    seen["error"] = completed.get(timeout=PATIENCE_SECONDS)
    for method, arguments in (
        ("all", ["to all"]),
        ("user", [f"core-{name}", "to the user"]),
        ("group", ["room", "to the group"]),
        ("connection", ["to the connection"]),
    ):
        connection.send(method, arguments)
        seen[method] = said.get(timeout=PATIENCE_SECONDS)
    return seen


seen = {"json": drive("json", JsonHubProtocol())}
seen["messagepack"] = drive("messagepack", MessagePackHubProtocol())
sys.stdout.write(json.dumps(seen))
sys.stdout.flush()
os._exit(0)
