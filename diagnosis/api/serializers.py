"""Findings and verdicts as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import ChoiceTextField, StrictSerializer, TextField
from diagnosis.chain.links import Link
from diagnosis.token_inspector import MAX_PASTED_CHARACTERS
from validation.verdict import Outcome

_LINKS = Link.choices()
_LINK_OUTCOMES = ("pass", "fail", "unknown", "not_checked")


class FindingSerializer(serializers.Serializer[Any]):
    """The result of one check; `fix` is empty where there is nothing to do.

    `link` is the link of the chain that was checked.
    """

    key = serializers.CharField()
    title = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["pass", "fail", "unknown"])
    evidence = serializers.CharField()
    fix = serializers.CharField(allow_blank=True)
    link = serializers.ChoiceField(choices=_LINKS)


class FactSerializer(serializers.Serializer[Any]):
    """A setting of a link; keys in URLs are redacted."""

    name = serializers.CharField()
    value = serializers.CharField()


class ChainLinkSerializer(serializers.Serializer[Any]):
    """A link of the chain; `outcome` is that of its worst finding."""

    link = serializers.ChoiceField(choices=_LINKS)
    outcome = serializers.ChoiceField(choices=_LINK_OUTCOMES)
    facts = FactSerializer(many=True)
    findings = FindingSerializer(many=True)


class EventSerializer(serializers.Serializer[Any]):
    """An event, as the service names it in its request."""

    hub = serializers.CharField()
    category = serializers.CharField()
    event = serializers.CharField()


class ChainSerializer(serializers.Serializer[Any]):
    """The links in the order in which an event passes them.

    `worst` is the first link with the outcome of the chain, and null where every check passed.
    `template_index` counts from 0; it is null without an event, and where no template matches it.
    """

    outcome = serializers.ChoiceField(choices=_LINK_OUTCOMES)
    worst = serializers.ChoiceField(choices=_LINKS, allow_null=True)
    event = EventSerializer(allow_null=True)
    template_index = serializers.IntegerField(allow_null=True)
    links = ChainLinkSerializer(many=True)


class ChainQuery(serializers.Serializer[Any]):
    """The event to follow; without `hub` and `event`, the chain is that of the instance."""

    hub = TextField(default="", max_length=128, help_text="The event's hub.")
    category = serializers.ChoiceField(
        choices=["connections", "messages"], default="messages", help_text="The event's category."
    )
    event = TextField(default="", max_length=256, help_text="The event's name.")

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        """Require hub and event together."""
        if bool(attrs["hub"]) != bool(attrs["event"]):
            raise serializers.ValidationError("Name both hub and event, or neither.")
        return attrs


class InspectSerializer(StrictSerializer):
    """A token, and the event that it is sent for."""

    token = TextField(
        write_only=True,
        max_length=MAX_PASTED_CHARACTERS,
        help_text="The access token. It is neither stored nor logged.",
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
