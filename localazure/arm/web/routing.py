"""Routes that sites and slots have in common."""

from __future__ import annotations

import re
from collections.abc import Callable

from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, Call, Handler, Provider
from localazure.arm.web.site_document import TYPE

SITE = f"{GROUP}/providers/{TYPE}/{{name}}"
SLOT = f"{SITE}/slots/{{slot}}"
_ID = re.compile(r"/subscriptions/.*?/sites/[^/]+(?:/slots/[^/]+)?", re.IGNORECASE)


def serves(
    provider: Provider, method: str, path: str, *, action: str
) -> Callable[[Handler], Handler]:
    """Register a function below a site and below a slot, such as `/config/web`."""

    def register(handler: Handler) -> Handler:
        provider.serves(method, f"{SLOT}{path}", action=f"slots/{action}")(handler)
        return provider.serves(method, f"{SITE}{path}", action=action)(handler)

    return register


def site_of(call: Call) -> Resource:
    """Return the site or slot that the path is about. Raises NotFound."""
    found = _ID.match(call.path)
    return call.resource(found[0] if found else call.path)
