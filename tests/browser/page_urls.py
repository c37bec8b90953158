"""Print the URL of every page of the portal as JSON; run in the portal's shell."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, reverse

from identities.models import SignalRInstance
from portal import urls
from sync.models import DesiredRevision, Operation

# Values for the parameters of URLs. A KeyError names a parameter that is missing here.
_PARTS: dict[str, Callable[[], object]] = {
    "name": lambda: SignalRInstance.objects.get(name="contoso-chat").name,
    "number": lambda: (
        DesiredRevision.objects.filter(instance__name="contoso-chat").latest("number").number
    ),
    "pk": lambda: Operation.objects.latest("created_at").pk,
}


def pages() -> list[str]:
    """Return the URLs of all pages: the portal's own and the admin's for each model."""
    return [*_own(), *_of_models(), reverse("admin:index"), reverse("admin:password_change")]


def _own() -> list[str]:
    return [
        reverse(f"portal:{each.name}", kwargs={part: _PARTS[part]() for part in _parts(each)})
        for each in urls.urlpatterns
        if _is_page(each)
    ]


def _parts(pattern: URLPattern | URLResolver) -> list[str]:
    return list(pattern.pattern.converters)


def _is_page(pattern: URLPattern | URLResolver) -> bool:
    view = getattr(pattern.callback, "view_class", None) or getattr(
        getattr(pattern.callback, "__wrapped__", None), "view_class", None
    )
    return view is None or ("get" in view.http_method_names and hasattr(view, "get"))


def _of_models() -> list[str]:
    request = RequestFactory().get("/")
    request.user = User(is_active=True, is_superuser=True, is_staff=True)
    found = []
    for app in admin.site.get_app_list(request):
        for entry in app["models"]:
            listed, added = entry["admin_url"], entry["add_url"]
            row = entry["model"].objects.first()
            found += [address for address in (listed, added) if address]
            found += [f"{listed}{quote(row.pk)}/change/"] if row else []
    return found


json.dump(sorted(set(pages())), sys.stdout)
