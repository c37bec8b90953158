"""Findings and verdicts as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import ChoiceTextField, StrictSerializer, TextField
from validation.checks.structure import MAX_TOKEN_CHARACTERS
from validation.verdict import Outcome


class FindingSerializer(serializers.Serializer[Any]):
    """The result of one check; `fix` is empty where there is nothing to do."""

    key = serializers.CharField()
    title = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["pass", "fail", "unknown"])
    evidence = serializers.CharField()
    fix = serializers.CharField(allow_blank=True)


class InspectSerializer(StrictSerializer):
    """A token, and the event that it is sent for."""

    token = TextField(
        write_only=True,
        max_length=MAX_TOKEN_CHARACTERS,
        help_text="It is validated, and neither stored nor logged.",
    )
    instance = TextField(max_length=63)
    hub = TextField(default="chat", max_length=128)
    category = ChoiceTextField(choices=["connections", "messages"], default="messages")
    event = TextField(default="*", max_length=256)


class CheckSerializer(serializers.Serializer[Any]):
    """One check of a token."""

    name = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
    expected = serializers.CharField(allow_blank=True)
    found = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class VerdictSerializer(serializers.Serializer[Any]):
    """Whether the receiver accepts the token, and if not, why."""

    accepted = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)
    checks = CheckSerializer(many=True)
