"""The picture of the chain on the Overview tab, of healthy, broken and unknown instances."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from localazure import seed
from tests.browser.page_checks import assert_accessible, assert_fits, screenshot, sign_in
from tests.browser.portal import Portal

HEALTHY, BROKEN, UNKNOWN, PICTURED = "chat-live", "chat-broken", "chat-elsewhere", "chat-prod"
HOST: Final = "signalman.contoso.com"
SECRET: Final = (
    f"{{@Microsoft.KeyVault(SecretUri=https://{seed.VAULT}.vault.azure.net/secrets/upstream-code)}}"
)
LINKS: Final = ["Client", "Service", "Template", "Key Vault", "Token", "Receiver", "Handler"]


@pytest.fixture(scope="module")
def portal_settings() -> dict[str, str]:
    """The receiver uses changed settings immediately, and has a public host name."""
    return {"SIGNALMAN_POLICY_SECONDS": "0.1", "SIGNALMAN_RECEIVER_HOSTS": HOST}


@pytest.fixture(scope="module", autouse=True)
def _fleet(portal: Portal, worker: None) -> None:
    """Create an instance for each outcome, and the one of the documentation's picture."""
    receiver = f"{portal.url}/upstream/"
    portal.azure.seed(
        instances=[
            described(HEALTHY, f"{receiver}{HEALTHY}/?code={SECRET}"),
            described(BROKEN, f"{receiver}{HEALTHY}/", mode="Default", hub="chat,game"),
            described(UNKNOWN, "https://receiver.contoso.example/hubs/{hub}/{event}"),
            described(PICTURED, f"https://{HOST}/upstream/{PICTURED}/?code={SECRET}"),
        ]
    )
    portal.manage("import_instances")
    portal.manage("set_policy", HEALTHY, "manage")
    portal.manage("key_vaults", HEALTHY, "--refresh")
    portal.manage("key_vaults", HEALTHY, "--add-grants")
    portal.manage("apply", HEALTHY, "--yes", "--wait")
    for instance in (HEALTHY, PICTURED):
        portal.manage("key_vaults", instance, "--refresh")
    portal.send_accepted_event(HEALTHY, arguments=["hello"], invocationId="1")


def described(name: str, url: str, *, mode: str = "Serverless", hub: str = "*") -> dict[str, Any]:
    """Return an instance with a system-assigned identity and one signed template."""
    resource = {"resource": seed.UPSTREAM_APP_URI}
    template = {
        "hubPattern": hub,
        "categoryPattern": "*",
        "eventPattern": "*",
        "urlTemplate": url,
        "auth": {"type": "ManagedIdentity", "managedIdentity": resource},
    }
    return {
        "name": name,
        "resourceGroup": seed.REALTIME_GROUP,
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "features": [{"flag": "ServiceMode", "value": mode}],
            "upstream": {"templates": [template]},
        },
    }


@pytest.fixture
def viewer(page: Page) -> Page:
    sign_in(page, "viewer")
    return page


def chain(page: Page, instance: str, query: str = "") -> Locator:
    """Open the Overview tab and return the picture that is shown."""
    page.goto(f"/admin/instances/{instance}/{query}")
    return page.locator("#chain svg:visible")


def links(picture: Locator) -> list[str]:
    """Return name and outcome of each link of the picture, as a screen reader reads them."""
    names = [each.get_attribute("aria-label") or "" for each in picture.get_by_role("link").all()]
    return [name.split(". ")[0] for name in names]


def test_healthy_instance_passes_everywhere(viewer: Page, portal: Portal) -> None:
    picture = chain(viewer, HEALTHY)
    expected = ["Client: Not checked", *(f"{name}: Passed" for name in LINKS[1:])]
    assert links(picture) == expected, portal.manage("diagnose", HEALTHY, "--chain")
    expect(viewer.get_by_text("Every check passed.")).to_be_visible()
    assert_accessible(viewer)


def test_broken_instance_shows_what_to_fix(viewer: Page) -> None:
    picture = chain(viewer, BROKEN)
    assert {"Service: Failed", "Receiver: Failed"} <= set(links(picture))
    expect(picture.locator("text", has_text="Failed")).to_have_count(2)
    problems = viewer.get_by_role("region", name="Needs attention")
    expect(problems.get_by_text("It is in Default mode.")).to_be_visible()
    assert_accessible(viewer)
    problems.get_by_role("link", name="The endpoint of template 1").click()
    viewer.wait_for_url(f"**/{BROKEN}/upstream/")


def test_unknown_receiver_says_what_would_establish_it(viewer: Page) -> None:
    picture = chain(viewer, UNKNOWN)
    assert "Receiver: Unknown" in links(picture)
    viewer.get_by_text("Unknown (").click()
    expect(viewer.get_by_text("Probe it with")).to_be_visible()
    assert_accessible(viewer)


def test_every_link_is_reached_and_followed_by_keyboard(viewer: Page) -> None:
    picture = chain(viewer, HEALTHY)
    picture.get_by_role("link").first.focus()
    for name in LINKS:
        focused = viewer.locator(":focus")
        assert (focused.get_attribute("aria-label") or "").startswith(f"{name}: ")
        if name == "Key Vault":
            break
        viewer.keyboard.press("Tab")
    viewer.keyboard.press("Enter")
    viewer.wait_for_url(f"**/{HEALTHY}/key-vault/")


@pytest.mark.parametrize(
    ("name", "tab"),
    [
        ("Client", "traffic"),
        ("Service", "identity"),
        ("Template", "upstream"),
        ("Token", "upstream"),
        ("Receiver", "traffic"),
        ("Handler", "traffic"),
    ],
)
def test_links_lead_to_their_tabs(viewer: Page, name: str, tab: str) -> None:
    chain(viewer, HEALTHY).get_by_role("link", name=f"{name}: ").click()
    viewer.wait_for_url(f"**/{HEALTHY}/{tab}/")


def test_chain_is_also_a_list(viewer: Page) -> None:
    chain(viewer, HEALTHY)
    viewer.get_by_text("The chain as a list").click()
    entries = viewer.locator(".chain-list > li")
    expect(entries).to_have_count(len(LINKS))
    expect(entries.nth(4)).to_contain_text(re.compile(r"Token Passed \d+ checks? Open Upstream"))
    expect(entries.nth(4)).to_contain_text(seed.UPSTREAM_APP_URI)
    assert_accessible(viewer)


def test_event_is_followed_in_the_picture(viewer: Page) -> None:
    chain(viewer, HEALTHY)
    viewer.get_by_label("Hub", exact=True).fill("chat")
    viewer.get_by_label("Event", exact=True).fill("echo")
    viewer.keyboard.press("Enter")
    heading = viewer.get_by_role("heading", name="The event echo of hub chat")
    expect(heading).to_be_visible()
    expect(viewer.locator("#announcement")).to_contain_text("The receiver accepts the event")
    expect(viewer.get_by_label("Event", exact=True)).to_be_focused()
    picture = viewer.locator("#chain svg:visible")
    assert "Handler: Passed" in links(picture)
    expect(picture.locator("text", has_text="examples.chat.")).to_be_visible()
    assert_accessible(viewer)
    viewer.reload()
    expect(heading).to_be_visible()
    viewer.get_by_role("link", name="Show all events").click()
    expect(viewer.get_by_role("heading", name="From client to handler")).to_be_visible()


def test_event_that_no_template_matches_is_dropped(viewer: Page) -> None:
    picture = chain(viewer, BROKEN, "?hub=lobby&category=messages&event=say")
    assert links(picture)[2:] == [
        "Template: Failed",
        "Token: Not reached",
        "Receiver: Not reached",
        "Handler: Not reached",
    ]
    expect(viewer.get_by_text("so Azure drops it")).to_be_visible()
    assert_accessible(viewer)


def test_picture_follows_the_colour_scheme(page: Page, dark_page: Page) -> None:
    grounds = []
    for shown in (page, dark_page):
        sign_in(shown, "viewer")
        ground = chain(shown, BROKEN).locator(".is-fail .chain-band").first
        grounds.append(ground.evaluate("(each) => getComputedStyle(each).fill"))
    assert len(set(grounds)) == 2


def test_narrow_page_shows_the_links_below_each_other(narrow_page: Page) -> None:
    sign_in(narrow_page, "viewer")
    picture = chain(narrow_page, HEALTHY)
    expect(picture).to_have_count(1)
    boxes = [each.bounding_box() for each in picture.get_by_role("link").all()]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == len(LINKS)
    assert tops == sorted(tops)
    assert_fits(narrow_page)
    assert_accessible(narrow_page)


def test_picture_of_the_documentation(viewer: Page, tmp_path: Path) -> None:
    picture = chain(viewer, PICTURED)
    assert links(picture)[3:] == [
        "Key Vault: Failed",
        "Token: Passed",
        "Receiver: Unknown",
        "Handler: Passed",
    ]
    screenshot(viewer, "overview", tmp_path)
