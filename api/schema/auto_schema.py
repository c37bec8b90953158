"""The API's description in OpenAPI."""

from __future__ import annotations

import inspect
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from api.problems import CONTENT_TYPE


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457). `errors` has the errors of each field."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    request_id = serializers.CharField()
    errors = serializers.DictField(required=False)  # type: ignore[assignment]  # RFC 9457's name


_PROBLEMS: Final = {
    400: "Not valid",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    406: "Only JSON is available",
    409: "Conflicts with the current state, or refused by Azure",
    412: "The document has changed",
    415: "Only JSON is accepted",
    422: "The Idempotency-Key was used with another request",
    428: "If-Match is required",
    429: "Too many requests",
    502: "Azure cannot be reached, or failed",
    503: "The database or Entra's signing keys cannot be read",
}
# Problems of every operation.
_ALWAYS: Final = frozenset({400, 401, 403, 406, 429, 503})


def _header(name: str, *, on: list[int] | None = None, **options: Any) -> OpenApiParameter:
    """Return a header of requests, or of the answers of the statuses in `on`."""
    kind = options.pop("type", OpenApiTypes.STR)
    return OpenApiParameter(name, kind, OpenApiParameter.HEADER, response=on or False, **options)


_IF_MATCH: Final = _header("If-Match", required=True, description="The ETag of the document, or *.")
_ETAG: Final = _header("ETag", on=[200, 201], description="The document's version.")
_KEY: Final = _header(
    "Idempotency-Key",
    description="A key for this request: repeated within a day, the request has no further effect.",
)
_WORK: Final = [
    _header("Location", on=[202], description="The operation's address."),
    _header(
        "Retry-After",
        type=OpenApiTypes.INT,
        on=[202],
        description="Seconds after which to read the operation.",
    ),
]


class ApiSchema(AutoSchema):
    """Adds to each operation what its view declares: problems, conditions, keys, links.

    Texts come from docstrings: the summary from the method's, the description from the view's.
    """

    def get_override_parameters(self) -> list[Any]:
        """Return request and response headers, and the parameters of `extend_schema`."""
        found = [*super().get_override_parameters()]
        if getattr(self.view, "is_conditional", False):
            found += [_ETAG] if self.method == "GET" else [_IF_MATCH, _ETAG]
        if self._is_repeatable:
            found.append(_KEY)
        if self.method in getattr(self.view, "starts_work", ()):
            found += _WORK
        return found

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return the operation, with its problems and links."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        responses = operation["responses"]
        for status, links in getattr(self.view, "links", {}).get(self.method, {}).items():
            responses[str(status)]["links"] = links
        component = self.resolve_serializer(ProblemSerializer, "response")
        content = {CONTENT_TYPE: {"schema": component.ref}}
        for status in sorted(self._problems() - {int(each) for each in responses}):
            responses[str(status)] = {"description": _PROBLEMS[status], "content": content}
        return operation

    def get_summary(self) -> str | None:
        """Return the first line of the method's docstring, or of the view's."""
        return (_words(self._handler) or _words(type(self.view))).partition("\n")[0] or None

    def get_description(self) -> str:  # type: ignore[override]  # as AutoSchema itself
        """Return the view's docstring, and the rest of the method's."""
        rest = _words(self._handler).partition("\n")[2].strip()
        return "\n\n".join(filter(None, [_words(type(self.view)), rest]))

    @property
    def _handler(self) -> Any:
        return getattr(self.view, self.method.lower(), None)

    @property
    def _is_repeatable(self) -> bool:
        return self.method in getattr(self.view, "repeatable", ())

    def _problems(self) -> set[int]:
        found = {*_ALWAYS, *getattr(self.view, "problems", {}).get(self.method, ())}
        if "{" in self.path:
            found.add(404)
        if self.method in {"GET", "HEAD"}:
            return found
        found |= {409, 415}
        if getattr(self.view, "is_conditional", False):
            found |= {412, 428}
        return found | ({422} if self._is_repeatable else set())


def _words(described: Any) -> str:
    """Return a docstring; one that is inherited is not its own."""
    return inspect.cleandoc(getattr(described, "__doc__", None) or "")


def only_the_api(endpoints: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Leave out the receiver, which is built of DRF views, too."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/")]
