"""Serializers that take values as they are: DRF's own read the number 5 as the text "5"."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class TextField(serializers.CharField):
    """Text, and nothing that could be made into text."""

    default_error_messages = {"invalid": "Give a string."}

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the text. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ChoiceTextField(serializers.ChoiceField):
    """One of some texts."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return str(super().to_internal_value(data))


class StrictSerializer(serializers.Serializer[Any]):
    """An object without any field that is not known: a misspelt one is no silent default."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the fields. Raises ValidationError."""
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            raise serializers.ValidationError(
                {name: ["There is no such field."] for name in sorted(unknown)}
            )
        read: dict[str, Any] = super().to_internal_value(data)
        return read


class FlagField(serializers.BooleanField):
    """True or false, and nothing that could be read as either."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the flag. Raises ValidationError."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class NumberField(serializers.IntegerField):
    """A whole number."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number. Raises ValidationError."""
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class UuidField(serializers.UUIDField):
    """A UUID as text."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the UUID. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class DocumentSerializer(serializers.Serializer[Any]):
    """What `document` makes of a row; the fields say to the schema what is in it."""

    def document(self, row: Any) -> dict[str, Any]:
        """Return the row as JSON values."""
        raise NotImplementedError

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the document."""
        return self.document(instance)
