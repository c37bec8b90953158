"""What frames every page: the sidebar, the pill, and who is let in."""

from __future__ import annotations

from django.test import Client

from accounts.roles import Role
from identities.models import SignalRInstance
from tests.portal.conftest import SignIn


def test_an_instance_is_found_by_its_name_in_any_case(
    sign_in: SignIn, instance: SignalRInstance
) -> None:
    page = sign_in(Role.VIEWER).get("/admin/instances/CONTOSO-Chat/")
    assert page.status_code == 200
    assert instance.arm_id in page.content.decode()


def test_an_instance_that_nobody_knows_is_not_found(sign_in: SignIn) -> None:
    assert sign_in(Role.VIEWER).get("/admin/instances/nobody/").status_code == 404


def test_who_is_not_signed_in_is_led_to_the_sign_in_page(instance: SignalRInstance) -> None:
    answer = Client().get(f"/admin/instances/{instance}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_a_viewer_sees_the_fleet_in_the_sidebar_and_not_the_users(sign_in: SignIn) -> None:
    page = sign_in(Role.VIEWER).get("/admin/").content.decode()
    assert "/admin/identities/signalrinstance/" in page
    assert "/admin/sync/operation/" in page
    assert "/admin/auth/user/" not in page


def test_an_administrator_sees_the_users_too(sign_in: SignIn) -> None:
    assert "/admin/auth/user/" in sign_in(Role.ADMINISTRATOR).get("/admin/").content.decode()


def test_an_operation_of_an_instance_marks_one_item_of_the_sidebar(
    sign_in: SignIn, instance: SignalRInstance
) -> None:
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/").content.decode()
    assert page.count('aria-current="page"') == 1
