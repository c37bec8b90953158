"""Lists without rows: nothing exists yet, or nothing matches the search and the filters."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from portal.admin.base import RowsAdmin
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.full_database import create_full_database
from upstreams.models import Delivery

pytestmark = pytest.mark.django_db

LISTS = admin.site._registry  # noqa: SLF001
# These always have rows.
NEVER_EMPTY = {User, Group}
NO_RESULTS = "Nothing matches the search and filters."
IGNORED = "An invalid filter or page number was ignored."


def address(model: type[Model]) -> str:
    options = model._meta  # noqa: SLF001  Django's own name
    return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")


def queries(shown: Any) -> list[dict[str, str]]:
    """Return a query of the URL for the search and for each filter, for what does not exist."""
    names = [each[0] if isinstance(each, tuple) else each for each in shown.list_filter]
    parameters = [each if isinstance(each, str) else each.parameter_name for each in names]
    found = [{name: "nonsense"} for name in parameters]
    found += [{f"{name}__exact": "nonsense"} for name in names if isinstance(name, str)]
    return [*found, {"q": "nonsense"}] if shown.search_fields else found


@pytest.mark.parametrize("model", sorted(set(LISTS) - NEVER_EMPTY, key=str), ids=str)
@pytest.mark.parametrize("query", ["", "?o=-1"])
def test_list_without_rows_says_where_they_come_from(
    sign_in: SignIn, model: type[Model], query: str
) -> None:
    shown: Any = LISTS[model]
    page = sign_in(Role.ADMINISTRATOR).get(address(model) + query).content.decode()
    assert f"<h2>{shown.empty.title}</h2>" in page
    assert shown.empty.text in page
    assert (f">{shown.empty.label}</a>" in page) or not shown.empty.link
    assert NO_RESULTS not in page


@pytest.mark.parametrize("query", ["period=", "reason=&period=", "q="])
def test_blank_filters_are_no_filters(sign_in: SignIn, query: str) -> None:
    page = sign_in(Role.VIEWER).get(f"{address(Delivery)}?{query}").content.decode()
    assert "No deliveries yet" in page


def test_every_list_has_own_text() -> None:
    titles = [shown.empty.title for shown in LISTS.values() if isinstance(shown, RowsAdmin)]
    assert len(titles) == len(LISTS)
    assert all(re.fullmatch(r"No [\w -]+ yet", title) for title in titles)


def test_list_says_that_nothing_matches_or_that_a_filter_was_ignored(
    local_azure: LocalAzure, admin_client: Client
) -> None:
    create_full_database()
    silent = []
    for model, shown in LISTS.items():
        for query in queries(shown):
            response = admin_client.get(address(model), query, follow=True)
            page = response.content.decode()
            rows = response.context["cl"].result_list
            said = IGNORED in page if len(rows) else NO_RESULTS in page
            if not said or " yet</h2>" in page:
                silent.append((model.__name__, query, len(rows)))
    assert silent == []
