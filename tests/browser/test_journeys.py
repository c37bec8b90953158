"""The tasks of "Managed identities for Azure SignalR Service", each to an accepted delivery.

https://learn.microsoft.com/azure/azure-signalr/howto-use-managed-identity. Each heading of the
article has a test here and a picture in docs/how-to/portal.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from localazure import seed
from tests.browser.page_checks import screenshot, sign_in
from tests.browser.portal import Portal

SIGNED_FOR = seed.UPSTREAM_APP_URI
SECRET_URI = f"https://{seed.VAULT}.vault.azure.net/secrets/upstream-code"
# The value in the built-in vault.
SECRET = "code-from-the-vault"
HOSTED, WITH_SECRET = "contoso-hosted", "contoso-with-secret"

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture(scope="module")
def portal_settings() -> dict[str, str]:
    """The receiver uses changed settings immediately."""
    return {"SIGNALMAN_POLICY_SECONDS": "0.1"}


@pytest.fixture
def operator(page: Page) -> Page:
    sign_in(page, "operator")
    return page


def receiver(portal: Portal, instance: str, query: str = "") -> str:
    """Return the URL of Signalman's receiver for an instance."""
    return f"{portal.url}/upstream/{instance}/{query}"


def template(portal: Portal, instance: str, *, is_signed: bool = True) -> dict[str, Any]:
    """Return a template in ARM's form that sends all events to the receiver."""
    auth = {"type": "ManagedIdentity", "managedIdentity": {"resource": SIGNED_FOR}}
    everything = {"hubPattern": "*", "categoryPattern": "*", "eventPattern": "*"}
    url = receiver(portal, instance)
    return everything | {"urlTemplate": url, "auth": auth if is_signed else None}


def set_template(portal: Portal, instance: str, *, is_signed: bool = True) -> None:
    """Set the only template of an instance."""
    document = json.dumps([template(portal, instance, is_signed=is_signed)])
    portal.manage("set_upstream", instance, stdin=document)


def create_instance(portal: Portal, instance: str) -> None:
    """Create an instance with a system-assigned identity and a signed template, and import it."""
    upstream = {"templates": [template(portal, instance)]}
    description = {
        "name": instance,
        "resourceGroup": seed.REALTIME_GROUP,
        "identity": {"type": "SystemAssigned"},
        "properties": {"upstream": upstream},
    }
    portal.azure.seed(instances=[description])
    portal.manage("import_instances")


def tab(page: Page, instance: str, label: str) -> None:
    """Open a tab of an instance."""
    page.goto(f"/admin/instances/{instance}/")
    page.get_by_role("navigation", name="Instance").get_by_role("link", name=label).click()


def apply(page: Page) -> None:
    """Open the plan, set the policy to Manage, apply the plan and wait for the result."""
    page.get_by_role("link", name="View plan").first.click()
    page.wait_for_url("**/plan/")
    manage = page.get_by_role("button", name="Set policy to Manage")
    if manage.is_visible():
        manage.click()
    expect(page.get_by_role("button", name="Apply plan")).to_be_visible()
    confirm = page.get_by_label("to confirm")
    if confirm.is_visible():
        confirm.fill(page.locator(".page-head h1").inner_text())
    page.get_by_role("button", name="Apply plan").click()
    expect(page.get_by_text("All changes were applied")).to_be_visible(timeout=90_000)


def assert_accepted(page: Page, portal: Portal, instance: str) -> None:
    """Send an event and check on the Traffic tab that it was accepted."""
    portal.send_accepted_event(instance, arguments=["hello"], invocationId="1")
    tab(page, instance, "Traffic")
    latest = page.get_by_role("region", name="Latest deliveries")
    row = latest.get_by_role("row").filter(has_text="messages/echo").first
    expect(row).to_contain_text("Accepted")
    expect(row).to_contain_text("200")


def test_add_a_system_assigned_identity(operator: Page, portal: Portal, tmp_path: Path) -> None:
    set_template(portal, seed.LAB)
    tab(operator, seed.LAB, "Identity")
    operator.get_by_label("On", exact=True).check()
    expect(operator.get_by_text("known after apply")).to_be_visible()
    screenshot(operator, "identity-system-assigned", tmp_path)
    operator.get_by_role("button", name="Save", exact=True).click()
    apply(operator)
    tab(operator, seed.LAB, "Identity")
    expect(operator.get_by_role("button", name="Copy object (principal) ID")).to_be_visible()
    assert_accepted(operator, portal, seed.LAB)


def test_add_a_user_assigned_identity(operator: Page, portal: Portal, tmp_path: Path) -> None:
    set_template(portal, seed.PAYMENTS)
    tab(operator, seed.PAYMENTS, "Identity")
    operator.get_by_role("link", name="User assigned").click()
    operator.get_by_label("Search by name").fill(seed.SHARED_IDENTITY)
    expect(operator.get_by_text(seed.ORDERS_IDENTITY)).to_have_count(0)
    operator.get_by_role("link", name=f"Choose {seed.SHARED_IDENTITY}").click()
    impact = operator.locator("#impact")
    expect(impact.get_by_text(seed.SHARED_PRINCIPAL_ID)).to_be_visible()
    screenshot(operator, "identity-user-assigned", tmp_path)
    operator.get_by_role("button", name="Save", exact=True).click()
    apply(operator)
    tab(operator, seed.PAYMENTS, "Identity")
    expect(operator.get_by_text(seed.SHARED_CLIENT_ID).first).to_be_visible()
    assert_accepted(operator, portal, seed.PAYMENTS)


def test_enable_managed_identity_authentication(
    operator: Page, portal: Portal, tmp_path: Path
) -> None:
    set_template(portal, seed.ORDERS, is_signed=False)
    tab(operator, seed.ORDERS, "Upstream")
    expect(operator.get_by_text("Its requests carry no token")).to_be_visible()
    operator.get_by_label("Authentication").select_option("Managed identity")
    operator.get_by_text("Choose an application of the tenant").click()
    operator.get_by_label("Application name or client ID").fill("upstream")
    operator.get_by_role("button", name=f"Use {SIGNED_FOR}").click()
    operator.get_by_label("Hub", exact=True).fill("chat")
    operator.get_by_label("Event", exact=True).fill("echo")
    tried = operator.locator("#route")
    expect(tried).to_contain_text("Template 1 matches")
    expect(tried).to_contain_text(SIGNED_FOR)
    screenshot(operator, "upstream", tmp_path)
    operator.get_by_role("button", name="Save", exact=True).click()
    apply(operator)
    assert_accepted(operator, portal, seed.ORDERS)


def test_point_at_a_function_app_and_fix_its_issuer(
    operator: Page, portal: Portal, tmp_path: Path
) -> None:
    # Signalman's receiver takes the place of the functions of the app.
    auth = seed.fleet()["sites"][0]["authsettingsV2"]
    app = {
        "name": "contoso-receiver",
        "resourceGroup": seed.REALTIME_GROUP,
        "properties": {"defaultHostName": "localhost"},
        "authsettingsV2": auth,
    }
    portal.azure.seed(sites=[app])
    create_instance(portal, HOSTED)
    tab(operator, HOSTED, "Function Apps")
    expect(operator.get_by_text("The app's issuer is that of v2 tokens")).to_be_visible()
    screenshot(operator, "function-apps", tmp_path)
    operator.get_by_role("button", name="Fix with a plan").click()
    apply(operator)
    tab(operator, HOSTED, "Function Apps")
    expect(operator.get_by_text("Match", exact=True).first).to_be_visible()
    assert_accepted(operator, portal, HOSTED)


def test_grant_key_vault_access(operator: Page, portal: Portal, tmp_path: Path) -> None:
    create_instance(portal, WITH_SECRET)
    tab(operator, WITH_SECRET, "Upstream")
    url = receiver(portal, WITH_SECRET, f"?code={{@Microsoft.KeyVault(SecretUri={SECRET_URI})}}")
    operator.get_by_label("URL template").fill(url)
    expect(operator.get_by_text("Key Vault references:")).to_be_visible()
    operator.get_by_role("button", name="Save", exact=True).click()
    tab(operator, WITH_SECRET, "Key Vault")
    operator.get_by_role("button", name="Refresh from Azure").click()
    expect(operator.get_by_text("grant planned")).to_be_visible()
    expect(operator.get_by_text("Present", exact=True)).to_be_visible()
    screenshot(operator, "key-vault", tmp_path)
    require_secret(operator)
    apply(operator)
    tab(operator, WITH_SECRET, "Key Vault")
    expect(operator.get_by_text("Access granted", exact=True)).to_be_visible()
    assert_accepted(operator, portal, WITH_SECRET)


def require_secret(page: Page) -> None:
    """Require the secret, so that an accepted request proves that it was sent."""
    page.get_by_text("Change", exact=True).click()
    page.get_by_label("New secret").fill(SECRET)
    page.get_by_label("Refuse requests without the secret").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. The receiver uses the change")).to_be_visible()
