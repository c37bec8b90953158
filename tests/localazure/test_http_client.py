"""Local Azure's HTTP client, against a server that answers what a test says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from localazure import http_client
from localazure.http_client import HttpClient, RequestFailed, Response

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Test = Callable[["_Server", HttpClient], Coroutine[Any, Any, None]]


class _Server:
    """Answers each request with the next of `answers`; None closes the connection at once."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""
        self.tasks: set[asyncio.Task[Any] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.tasks.add(asyncio.current_task())
        while request := await reader.read(65536):
            self.requests.append(request)
            answer = self.answers.pop(0)
            writer.write(answer or b"")
            if answer is None or b"Content-Length" not in answer:
                break
        writer.close()
        await writer.wait_closed()


def run(server: _Server, test: Test) -> None:
    async def running() -> None:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        server.url = f"http://localhost:{port}"
        async with listener, HttpClient(ssl.create_default_context()).running() as client:
            await asyncio.wait_for(test(server, client), 20)
        # They end as their clients leave.
        await asyncio.gather(*filter(None, server.tasks), return_exceptions=True)

    asyncio.run(running())


async def get(server: _Server, client: HttpClient, most: int = 100) -> Response:
    return await client.request("GET", f"{server.url}/a%2Fb?c=d#e", seconds=10, most=most)


def test_sends_only_the_given_headers_and_keeps_the_connection() -> None:
    async def test(server: _Server, client: HttpClient) -> None:
        for _ in range(2):
            response = await client.request(
                "POST", f"{server.url}/ä", [("X-Name", "é")], b"body", seconds=10
            )
            assert (response.status, response.body) == (200, b"ok")
        host = server.url.removeprefix("http://").encode()
        expected = b"POST /%%C3%%A4 HTTP/1.1\r\nHost: %b\r\n" % host
        expected += b"X-Name: \xc3\xa9\r\nContent-Length: 4\r\n\r\nbody"
        assert server.requests == [expected, expected]
        assert server.connections == 1

    run(_Server(_OK, _OK), test)


def test_sends_the_path_as_it_is_written_without_the_fragment() -> None:
    async def test(server: _Server, client: HttpClient) -> None:
        await get(server, client)
        assert server.requests[0].startswith(b"GET /a%2Fb?c=d HTTP/1.1\r\nHost: localhost:")
        assert b"Content-Length" not in server.requests[0]

    run(_Server(_OK), test)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + _OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_reads_every_kind_of_response(answer: bytes, body: bytes) -> None:
    async def test(server: _Server, client: HttpClient) -> None:
        response = await get(server, client)
        assert response.status in (200, 204)
        assert response.body == body

    run(_Server(answer), test)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ],
)
def test_fails_without_a_complete_response(answer: bytes | None) -> None:
    async def test(server: _Server, client: HttpClient) -> None:
        with pytest.raises(RequestFailed):
            await get(server, client)
        # The next request has a connection of its own.
        assert (await get(server, client)).body == b"ok"
        assert server.connections == 2

    run(_Server(answer, _OK), test)


def test_connection_with_an_unexpected_response_is_not_used_again() -> None:
    async def test(server: _Server, client: HttpClient) -> None:
        assert (await get(server, client)).body == b"ok"
        assert (await get(server, client)).status == 200
        assert server.connections == 2

    run(_Server(_OK + b"HTTP/1.1 500 Late\r\n", _OK), test)


def test_reads_a_large_response_up_to_the_limit() -> None:
    async def test(server: _Server, client: HttpClient) -> None:
        assert (await get(server, client, most=9)).body == b" " * 10
        assert (await get(server, client)).body == b"ok"

    large = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b" " * 1_000_000
    run(_Server(large, _OK), test)


def test_ends_what_exceeds_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "_SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(http_client, "_IDLE_SECONDS", 0.2)

    async def test(server: _Server, client: HttpClient) -> None:
        with pytest.raises(TimeoutError):
            await client.request("GET", server.url, seconds=1)
        await get(server, client)
        # Longer than a connection stays idle.
        await asyncio.sleep(0.5)
        await get(server, client)
        assert server.connections == 3

    run(_Server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", _OK, _OK), test)


def test_names_the_server_that_cannot_be_reached() -> None:
    async def test(_server: _Server, client: HttpClient) -> None:
        with pytest.raises(RequestFailed, match="Cannot connect to localhost:1:"):
            await client.request("GET", "http://localhost:1/", seconds=10)

    run(_Server(), test)


@pytest.mark.parametrize("url", ["ftp://localhost/", "http:///path", "http://localhost:port/"])
def test_refuses_other_urls(url: str) -> None:
    async def test(_server: _Server, client: HttpClient) -> None:
        with pytest.raises(ValueError, match=r"."):
            await client.request("GET", url, seconds=10)

    run(_Server(), test)
