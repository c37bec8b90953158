"""Pages with a part that htmx asks for again until there is nothing to come."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from portal.page import PortalPage, is_fragment

# htmx's own: take what is here, and ask no more.
STOP_POLLING: Final = 286


class LivePage(PortalPage):
    """A page whose `fragment_name` is asked for every two seconds, with the version that is shown.

    Where that is still the present one nothing is sent: what somebody points at or reads stays, and
    a screen reader says only what is new.
    """

    fragment_name: ClassVar[str]

    @property
    def version(self) -> str:
        """Return what changes whenever the live part does."""
        raise NotImplementedError

    @property
    def has_ended(self) -> bool:
        """Return whether the live part stays as it is."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Return the page, or its live part where that is another now."""
        if not is_fragment(request):
            return super().get(request, *args, **kwargs)
        if request.GET.get("seen") == self.version:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        status = STOP_POLLING if self.has_ended else HTTPStatus.OK
        return render(request, self.fragment_name, self.get_context_data(**kwargs), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the live part's version, and whether it goes on."""
        return super().get_context_data(
            version=self.version, has_ended=self.has_ended, fragment=self.fragment_name, **kwargs
        )
