"""Pages for errors that Django handles."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.decorators.cache import never_cache

from api import exception_handler
from observability.database_outages import log_outage, outage_of


@never_cache
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an unexpected exception; 503 where the database is unavailable or read-only.

    The page for that needs neither a session nor a user: both are in the database.
    """
    error = sys.exc_info()[1]
    outage = outage_of(error)
    if exception_handler.is_api(request) or outage is None:
        return exception_handler.server_error(request)
    log_outage(outage, error)
    page = loader.render_to_string("portal/database_outage.html", {"outage": outage})
    return HttpResponse(page, status=503, headers={"Retry-After": str(outage.retry_seconds)})
