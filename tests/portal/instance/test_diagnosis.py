"""The Diagnosis tab."""

from __future__ import annotations

from accounts.roles import Role
from identities.models import SignalRInstance
from portal.instance.diagnosis import tab_of
from tests.portal.conftest import SignIn
from upstreams.models import UpstreamTemplate


def test_shows_failed_checks_with_fix(sign_in: SignIn, instance: SignalRInstance) -> None:
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/diagnosis/").content.decode()
    assert "Needs attention" in page
    assert "Fix:" in page


def test_viewer_cannot_probe_endpoints(sign_in: SignIn, instance: SignalRInstance) -> None:
    address = f"/admin/instances/{instance}/diagnosis/"
    client = sign_in(Role.VIEWER)
    assert "Probe endpoints" not in client.get(address).content.decode()
    assert client.post(address).status_code == 403


def test_operator_can_probe_endpoints(sign_in: SignIn, instance: SignalRInstance) -> None:
    page = sign_in(Role.OPERATOR).post(f"/admin/instances/{instance}/diagnosis/")
    assert page.status_code == 200
    assert "was sent one request" in page.content.decode()


def test_unprobed_endpoint_is_unknown(sign_in: SignIn, instance: SignalRInstance) -> None:
    UpstreamTemplate.objects.create(instance=instance, url_template="https://a.example/")
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/diagnosis/").content.decode()
    assert "templates[0].answers" in page
    assert f"manage.py diagnose {instance} --probe" in page


def test_findings_link_to_the_tab_that_fixes_them() -> None:
    assert tab_of("templates[0].key_vault[kv/secret]") == "key-vault"
    assert tab_of("templates[1].signed") == "upstream"
    assert tab_of("function_apps[app].issuer") == "function-apps"
    assert tab_of("identity_present") == "identity"
