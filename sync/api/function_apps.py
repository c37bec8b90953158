"""Function Apps: whether they accept signed requests, and whether plans may write them."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import name_of
from api.fields import ChoiceTextField, DocumentSerializer, StrictSerializer
from api.views import ApiView, DocumentView
from sync.components.function_app_targets import set_app_policy
from sync.inventory.function_app_status import function_app_document, function_app_status
from sync.inventory.function_apps import refresh_function_app
from upstreams.models import FunctionApp


class MismatchSerializer(serializers.Serializer[Any]):
    """One reason for which an app refuses the tokens, or does not check them."""

    code = serializers.CharField()
    message = serializers.CharField()
    fix = serializers.CharField()


class AgreementSerializer(DocumentSerializer):
    """An app, the instances that send signed requests to it, and what does not agree."""

    name = serializers.CharField()
    id = serializers.CharField(help_text="The ARM ID of the app.")
    host = serializers.CharField(allow_blank=True)
    policy = serializers.ChoiceField(choices=FunctionApp.Policy.choices)
    status = serializers.ChoiceField(
        choices=["agrees", "disagrees", "missing", "not used", "unknown"]
    )
    observedAt = serializers.DateTimeField(allow_null=True)  # noqa: N815  as the command has it
    auth = serializers.JSONField()
    problem = serializers.CharField(allow_null=True)
    instances = serializers.ListField(child=serializers.CharField())
    mismatches = MismatchSerializer(many=True)

    def document(self, row: FunctionApp) -> dict[str, Any]:
        """Return it."""
        return function_app_document(function_app_status(row))


class FunctionAppDetail(ApiView):
    """One Function App, and whether its settings match the templates that send to it.

    Its desired authentication has no document of its own: it follows from the signed templates, and
    the plans of their instances change it if the app's policy is manage.
    """

    reads = "upstreams.view_functionapp"
    writes = "upstreams.change_functionapp"
    problems = {"POST": {502}}

    @extend_schema(responses=AgreementSerializer)
    def get(self, _request: Request, name: str) -> Response:
        """Read the Function App as last observed."""
        return Response(AgreementSerializer(app_named(name)).data)

    @extend_schema(request=None, responses=AgreementSerializer)
    def post(self, _request: Request, name: str) -> Response:
        """Refresh the Function App from Azure and read it."""
        refresh_function_app(app_named(name))
        return Response(AgreementSerializer(app_named(name)).data)


class AppSettingsSerializer(StrictSerializer):
    """The policy of an app."""

    policy = ChoiceTextField(choices=FunctionApp.Policy.choices)


class FunctionAppSettings(DocumentView):
    """The policy of a Function App: whether plans may change its authentication settings."""

    reads = "upstreams.view_functionapp"
    writes = "upstreams.change_functionapp"

    @extend_schema(responses=AppSettingsSerializer)
    def get(self, _request: Request, name: str) -> Response:
        """Read the policy of a Function App."""
        return self.read()

    @extend_schema(request=AppSettingsSerializer, responses=AppSettingsSerializer)
    def put(self, request: Request, name: str) -> Response:
        """Set the policy of a Function App."""
        serializer = AppSettingsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, serializer.validated_data)

    def subject(self) -> FunctionApp:
        """Return the app in the path. Raises Http404."""
        return app_named(self.kwargs["name"])

    def dump(self, subject: FunctionApp) -> dict[str, Any]:
        """Return the policy."""
        return {"policy": subject.policy}

    def load(self, request: Request, subject: FunctionApp, document: Any) -> None:
        """Set the policy and record it."""
        set_app_policy(subject, FunctionApp.Policy(document["policy"]), who=name_of(request))


def app_named(name: str) -> FunctionApp:
    """Return the Function App of that name, in any case. Raises Http404."""
    app = FunctionApp.objects.select_related("subscription").filter(name__iexact=name).first()
    if app is None:
        raise Http404
    return app
