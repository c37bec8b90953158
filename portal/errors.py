"""Pages for errors that Django handles."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.decorators.cache import never_cache

from api import exceptions


@never_cache
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an unexpected exception; 503 where the database does not respond.

    The page for that needs neither a session nor a user: both are in the database.
    """
    if exceptions.is_api(request) or not exceptions.is_database_away(sys.exc_info()[1]):
        return exceptions.server_error(request)
    page = loader.render_to_string("portal/database_away.html")
    return HttpResponse(page, status=503, headers={"Retry-After": str(exceptions.RETRY_SECONDS)})
