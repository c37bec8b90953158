"""The sidebar, URLs of instances, and access without permission."""

from __future__ import annotations

from django.test import Client

from accounts.roles import Role
from identities.models import SignalRInstance
from tests.portal.conftest import SignIn


def test_instance_name_in_url_ignores_case(sign_in: SignIn, instance: SignalRInstance) -> None:
    page = sign_in(Role.VIEWER).get("/admin/instances/CONTOSO-Chat/")
    assert page.status_code == 200
    assert instance.arm_id in page.content.decode()


def test_unknown_instance_is_404(sign_in: SignIn) -> None:
    assert sign_in(Role.VIEWER).get("/admin/instances/unknown/").status_code == 404


def test_anonymous_user_is_redirected_to_sign_in(instance: SignalRInstance) -> None:
    answer = Client().get(f"/admin/instances/{instance}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_sidebar_of_viewer_has_no_users(sign_in: SignIn) -> None:
    page = sign_in(Role.VIEWER).get("/admin/").content.decode()
    assert "/admin/identities/signalrinstance/" in page
    assert "/admin/sync/operation/" in page
    assert "/admin/auth/user/" not in page


def test_sidebar_of_administrator_has_users(sign_in: SignIn) -> None:
    assert "/admin/auth/user/" in sign_in(Role.ADMINISTRATOR).get("/admin/").content.decode()


def test_sidebar_marks_one_item_as_current(sign_in: SignIn, instance: SignalRInstance) -> None:
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/").content.decode()
    assert page.count('aria-current="page"') == 1
