"""Pages with a part that htmx reloads until there is nothing more to expect."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from portal.page import PortalPage, is_fragment

# htmx swaps the response and stops polling: https://htmx.org/docs/#polling.
STOP_POLLING: Final = 286


class AutoRefreshPage(PortalPage):
    """A page that reloads `fragment_name` every two seconds.

    The request names the version on display. Where it is still the current one the response is
    empty, so that focus and hover stay and screen readers announce only changes.
    """

    fragment_name: ClassVar[str]

    @property
    def version(self) -> str:
        """Return a value that changes with the content of the fragment."""
        raise NotImplementedError

    @property
    def is_final(self) -> bool:
        """Return whether the fragment no longer changes."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Return the page, or for htmx the fragment where its version is a newer one."""
        if not is_fragment(request):
            return super().get(request, *args, **kwargs)
        if request.GET.get("seen") == self.version:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        status = STOP_POLLING if self.is_final else HTTPStatus.OK
        return render(request, self.fragment_name, self.get_context_data(**kwargs), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the fragment, its version and whether it is final."""
        return super().get_context_data(
            version=self.version, is_final=self.is_final, fragment=self.fragment_name, **kwargs
        )
