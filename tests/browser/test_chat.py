"""The chat: windows with Microsoft's library, the service, and the hub's handlers.

The instance has no access keys. As in the demo, windows connect to Local Azure without TLS.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from examples.demo.processes import Programs, free_port
from localazure import seed
from localazure.environment import variables
from tests.browser.error_watch import Watch
from tests.browser.page_checks import assert_accessible, assert_fits, screenshot, sign_in
from tests.browser.portal import Portal, environment, serve
from tests.cloud import LocalAzure
from tests.localazure.rest import CHAT_ID, Arm

# SignalR REST API Owner.
_ROLE: Final = "fd53cd77-2268-407a-8f46-7e7863d0f521"
_ASSIGNMENT: Final = (
    f"{CHAT_ID}/providers/Microsoft.Authorization/roleAssignments/"
    "99999999-0000-4000-8000-000000000001"
)
_ROLES_VERSION: Final = "2022-04-01"
_SAMPLE_LIMITS: Final = (
    "SIGNALMAN_SAMPLES_A_MINUTE",
    "SIGNALMAN_INSTANCE_SAMPLES_A_MINUTE",
    "SIGNALMAN_PROCESS_SAMPLES_A_MINUTE",
)
_REFUSED: Final = "The server could not send a message."
_MESSAGES: Final = 150
_PATIENCE_SECONDS: Final = 120.0

# Keep the messages that a window receives, and send numbered messages from it.
_LISTEN: Final = """() => {
  window.heard = [];
  connection.on("said", ({ from, text }) => window.heard.push([from, text]));
}"""
_SEND_AT_ONCE: Final = """async (count) => {
  const numbers = Array.from({ length: count }, (_, number) => `${number}`);
  await Promise.all(numbers.map((number) => connection.invoke("say_to_all", number)));
}"""
_SEND_UNTIL_ACCEPTED: Final = """(count) => {
  window.accepted = 0;
  window.repeated = [];
  const send = async () => {
    while (window.accepted < count) {
      try {
        await connection.invoke("say_to_all", `${window.accepted}`);
        window.accepted++;
      } catch {
        window.repeated.push(`${window.accepted}`);
        await new Promise((done) => setTimeout(done, 200));
      }
    }
  };
  send();
}"""


@dataclass(frozen=True)
class Cloud:
    """Local Azure with a port for browsers, and Resource Manager as its owner."""

    azure: LocalAzure
    client_port: int
    arm: Arm

    def assign_role(self) -> None:
        """Let Signalman's service principal send."""
        definition = f"/providers/Microsoft.Authorization/roleDefinitions/{_ROLE}"
        properties = {
            "roleDefinitionId": f"/subscriptions/{seed.SUBSCRIPTION_ID}{definition}",
            "principalId": seed.CLIENT_OBJECT_ID,
            "principalType": "ServicePrincipal",
        }
        body = {"properties": properties}
        assert self.arm.call("PUT", _ASSIGNMENT, body, _ROLES_VERSION).status_code == 201

    def remove_role(self) -> None:
        """Take the role away."""
        assert self.arm.call("DELETE", _ASSIGNMENT, version=_ROLES_VERSION).status_code == 200


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Local Azure of this module's own: clients connect without TLS."""
    port = free_port()
    folder = tmp_path_factory.mktemp("azure")
    with LocalAzure(folder, "--client-port", str(port)) as azure:
        azure.post("/_local/operations", {"polls": 0})
        yield Cloud(azure, port, Arm(azure, seed.CLIENT_ID, seed.CLIENT_SECRET))


@pytest.fixture(scope="module")
def portal(
    cloud: Cloud, prepared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """A portal whose instance sends clients' events to it, and has no access keys."""
    folder = tmp_path_factory.mktemp("portal")
    azure = cloud.azure
    extra = variables(azure.port, azure.ca_file, cloud.client_port) | {
        "SIGNALMAN_DEFAULT_INSTANCE": seed.CHAT,
        "SIGNALMAN_NEGOTIATIONS_A_MINUTE": "1000",
        # A row for every delivery, however many messages another test has just sent.
        **dict.fromkeys(_SAMPLE_LIMITS, "100000"),
    }
    with Programs(folder, environment(folder, azure, extra)) as programs:
        portal = serve(programs, azure, prepared)
        _point_at(cloud.arm, portal)
        cloud.assign_role()
        yield portal


@pytest.fixture
def watch(portal: Portal, cloud: Cloud) -> Iterator[Watch]:
    """Fail for requests to other hosts and for errors on any page."""
    watching = Watch(frozenset({urlsplit(portal.url).netloc, f"localhost:{cloud.client_port}"}))
    yield watching
    watching.assert_nothing_wrong()


@pytest.fixture
def enter(open_page: Callable[..., Page]) -> Callable[[str], Page]:
    """Return a function that opens a window of a guest."""

    def enter(name: str) -> Page:
        page = open_page(viewport={"width": 640, "height": 720})
        page.goto("/chat/")
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Enter").click()
        expect(page.get_by_text(f"Connected as {name}.")).to_be_visible()
        return page

    return enter


def messages(page: Page) -> Locator:
    """Return the lines of a window."""
    return page.get_by_role("log").locator("p")


def send(page: Page, text: str, to: str = "Everyone") -> None:
    """Send a message."""
    page.get_by_label("Send to").select_option(label=to)
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Send").click()


def join(page: Page, room: str) -> None:
    """Join a room."""
    page.get_by_label("Room", exact=True).fill(room)
    page.get_by_role("button", name="Join room").click()
    expect(messages(page).last).to_contain_text(f"joined {room}.")


def wait_for(page: Page, condition: str) -> None:
    """Wait for a condition in a window, whose policy does not allow Playwright's own `eval`."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(100)


def test_two_windows_chat(
    enter: Callable[[str], Page], open_page: Callable[..., Page], tmp_path: Path
) -> None:
    ada, zoe = enter("Ada"), enter("Zoë")
    send(ada, "Hello, everyone!")
    for page in (ada, zoe):
        expect(messages(page)).to_have_text(["Ada to everyone: Hello, everyone!"])
    join(ada, "lobby")
    join(zoe, "lobby")
    send(zoe, "Hello, room!", to="Room")
    expect(messages(ada).last).to_have_text("Zoë to lobby: Hello, room!")
    ada.get_by_label("Send to").select_option(label="Person")
    ada.get_by_label("Name", exact=True).fill("Zoë")
    send(ada, "Hello, Zoë!", to="Person")
    for page in (ada, zoe):
        expect(messages(page).last).to_have_text("Ada to Zoë: Hello, Zoë!")
    ada.get_by_label("Name", exact=True).fill("Absent")
    send(ada, "Hello?", to="Person")
    expect(messages(ada).last).to_have_text("Absent is not connected.")
    assert_accessible(zoe)
    screenshot(zoe, "chat", tmp_path)

    with ada.expect_popup() as opened:
        ada.get_by_role("link", name="Deliveries in the portal").click()
    opened.value.close()
    viewer = open_page()
    sign_in(viewer, "viewer")
    viewer.goto(f"/admin/instances/{seed.CHAT}/traffic/")
    # The list has the latest 25: only this test sends messages to a person.
    before = viewer.get_by_text("say_to_user").count()
    send(ada, "Live!", to="Person")
    expect(viewer.get_by_text("say_to_user")).to_have_count(before + 1)


def test_page_fits_a_phone(narrow_page: Page, dark_page: Page) -> None:
    for page in (narrow_page, dark_page):
        for url in ("/chat/", "/chat/?name=Ada"):
            page.goto(url)
            assert_fits(page)
            assert_accessible(page)


def test_works_without_access_keys(cloud: Cloud, enter: Callable[[str], Page]) -> None:
    assert cloud.arm.document(CHAT_ID)["properties"]["disableLocalAuth"] is True
    assert not cloud.arm.call("POST", f"{CHAT_ID}/listKeys").json().get("primaryKey")
    page = enter("Ada")
    send(page, "No key!")
    expect(messages(page).last).to_have_text("Ada to everyone: No key!")


def test_sending_without_the_role_is_explained(
    cloud: Cloud, portal: Portal, enter: Callable[[str], Page]
) -> None:
    ada, zoe = enter("Ada"), enter("Zoë")
    cloud.remove_role()
    try:
        send(ada, "Hello?")
        expect(messages(ada).last).to_contain_text(_REFUSED)
        # Events still arrive, and their results still reach the client.
        assert ada.evaluate("connection.invoke('echo', 'still here')") == "still here"
    finally:
        cloud.assign_role()
    assert messages(zoe).count() == 0
    explained = (
        f"'{seed.CHAT}' refused to send to all (403",
        "the credential has no role that allows this. Assign it 'SignalR REST API Owner'",
    )
    assert all(text in portal.log("web") for text in explained), portal.log("web")
    assert "send_forbidden" in {row["reason"] for row in portal.deliveries()}
    send(ada, "Hello again!")
    expect(messages(zoe)).to_have_text(["Ada to everyone: Hello again!"])


def test_dropped_window_reconnects_and_joins_again(
    cloud: Cloud, enter: Callable[[str], Page]
) -> None:
    ada, zoe = enter("Ada"), enter("Zoë")
    join(zoe, "lobby")
    before = zoe.evaluate("connection.connectionId")
    [dropped] = [
        one["connectionId"]
        for one in cloud.azure.get("/_local/connections")
        if one["userId"] == "Zoë" and "lobby" in one["groups"]
    ]
    cloud.azure.post("/_local/connections/drop", {"connectionId": dropped})
    # It announces itself again once it is back.
    expect(messages(zoe)).to_have_text(["Zoë joined lobby."] * 2)
    assert zoe.evaluate("connection.connectionId") != before
    send(ada, "Hello again!", to="Room")
    expect(messages(zoe).last).to_have_text("Ada to lobby: Hello again!")


def test_order_is_kept_under_load(enter: Callable[[str], Page]) -> None:
    listener = enter("Zoë")
    listener.evaluate(_LISTEN)
    senders = {name: enter(name) for name in ("Ada", "Eve")}
    expected = [str(number) for number in range(_MESSAGES)]
    running = "(count) => { window.sending = (" + _SEND_AT_ONCE + ")(count); }"
    for page in senders.values():
        page.evaluate(running, _MESSAGES)
    for page in senders.values():
        page.evaluate("window.sending")
    wait_for(listener, f"window.heard.length >= {2 * _MESSAGES}")
    heard = listener.evaluate("window.heard")
    for name in senders:
        assert [text for sender, text in heard if sender == name] == expected


def test_restart_of_the_web_server_loses_nothing(
    portal: Portal, enter: Callable[[str], Page]
) -> None:
    ada, zoe = enter("Ada"), enter("Zoë")
    zoe.evaluate(_LISTEN)
    ada.evaluate(_SEND_UNTIL_ACCEPTED, _MESSAGES)
    wait_for(ada, "window.accepted >= 20")
    portal.stop_web()
    portal.start_web()
    wait_for(ada, f"window.accepted >= {_MESSAGES}")
    wait_for(zoe, f"window.heard.some(([, text]) => text === '{_MESSAGES - 1}')")
    heard = [text for _, text in zoe.evaluate("window.heard")]
    repeated = set(ada.evaluate("window.repeated"))
    assert list(dict.fromkeys(heard)) == [str(number) for number in range(_MESSAGES)]
    twice = {text for text in heard if heard.count(text) > 1}
    assert twice <= repeated
    # Windows stay connected: the service keeps them while the server is away.
    assert re.fullmatch(r"Connected as Ada\.", ada.get_by_role("status").inner_text())


def _point_at(arm: Arm, portal: Portal) -> None:
    """Send the instance's events to the portal, and turn off its access keys."""
    auth = {"type": "ManagedIdentity", "managedIdentity": {"resource": seed.UPSTREAM_APP_URI}}
    patterns = {"hubPattern": "chat", "eventPattern": "*", "categoryPattern": "*"}
    url = f"{portal.url}/upstream/{seed.CHAT}/"
    properties = {
        "disableLocalAuth": True,
        "upstream": {"templates": [patterns | {"urlTemplate": url, "auth": auth}]},
    }
    arm.call("PATCH", CHAT_ID, {"properties": properties}).raise_for_status()
