"""The secrets that URL templates name, and whether they can be read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.views import ApiView
from identities.api.views import instance_named
from sync.inventory.key_vault.secret_access import named_secrets
from sync.inventory.key_vault.secrets import references_of
from sync.inventory.refresh import refresh


class ReferenceSerializer(serializers.Serializer[Any]):
    """One Key Vault reference, and what Azure last returned about it."""

    instance = serializers.CharField()
    vault = serializers.CharField()
    secret = serializers.CharField(help_text="The secret's name. Its value is never read.")
    grant = serializers.CharField(help_text="Whether the identity may read the vault.")
    state = serializers.CharField(help_text="Whether the secret exists.")


class InstanceReferences(ApiView):
    """The Key Vault references of an instance's templates, desired and observed."""

    reads = "identities.view_vaultgrant"
    writes = "identities.change_vaultgrant"
    problems = {"POST": {502}}

    @extend_schema(responses=ReferenceSerializer(many=True))
    def get(self, _request: Request, name: str) -> Response:
        """Read the Key Vault references as last observed."""
        return _references(name)

    @extend_schema(request=None, responses=ReferenceSerializer(many=True))
    def post(self, _request: Request, name: str) -> Response:
        """Refresh grants and secrets from Azure and read the Key Vault references."""
        instance = instance_named(name)
        if references_of(instance):
            refresh(instance)
        return _references(name)


def _references(name: str) -> Response:
    return Response([asdict(each) for each in named_secrets(instance_named(name))])
