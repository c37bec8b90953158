"""Drives pysignalr in both protocols; prints what happened as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from pysignalr.client import SignalRClient
from pysignalr.exceptions import ServerError
from pysignalr.protocol.json import JSONProtocol
from pysignalr.protocol.messagepack import MessagepackProtocol

APPLICATION = os.environ["APPLICATION_URL"]
PATIENCE_SECONDS = 20


async def drive(name, protocol):
    """Return what a client of that protocol saw."""
    client = SignalRClient(f"{APPLICATION}/valid?user=pys-{name}", protocol=protocol)
    said, opened, completed = asyncio.Queue(), asyncio.Event(), asyncio.Queue()

    async def on_said(arguments):
        await said.put(arguments)

    async def on_open():
        opened.set()

    async def on_completion(message):
        await completed.put([message.result, message.error])

    async def ignore(_message):
        # It calls the invocation's own callback with the error, too.
        pass

    async def invoke(method, *arguments):
        await client.send(method, list(arguments), on_invocation=on_completion)
        return await completed.get()

    client.on("said", on_said)
    client.on_open(on_open)
    client.on_error(ignore)
    running = asyncio.create_task(client.run())
    await opened.wait()
    seen = {"result": await invoke("echo", {"text": "hé"}), "void": await invoke("nothing")}
    await client.send("fail", [], on_invocation=on_completion)
    seen["error"] = (await completed.get())[1]
    seen["joined"] = (await invoke("join", "room"))[0]
    for method, arguments in (
        ("all", ["to all"]),
        ("user", [f"pys-{name}", "to the user"]),
        ("group", ["room", "to the group"]),
        ("connection", ["to the connection"]),
    ):
        await client.send(method, arguments)
        seen[method] = await said.get()
    await client.send("kick", ["bye"])
    try:
        await running
    except ServerError as error:
        seen["kicked"] = f"{type(error).__name__}: {error}"
    return seen


async def main():
    """Drive both protocols, one after the other."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        seen = {"json": await drive("json", JSONProtocol())}
        seen["messagepack"] = await drive("messagepack", MessagepackProtocol())
    sys.stdout.write(json.dumps(seen))


asyncio.run(main())
