"""Strict fields: DRF's own would accept the number 5 as the text "5"."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class TextField(serializers.CharField):
    """A string; other types are not converted."""

    default_error_messages = {"invalid": "Give a string."}

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the text. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ChoiceTextField(serializers.ChoiceField):
    """A string out of several choices."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return str(super().to_internal_value(data))


class StrictSerializer(serializers.Serializer[Any]):
    """An object that refuses unknown fields, so that a misspelt one is noticed."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the fields. Raises ValidationError."""
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            raise serializers.ValidationError(
                {name: ["Unknown field."] for name in sorted(unknown)}
            )
        read: dict[str, Any] = super().to_internal_value(data)
        return read


class FlagField(serializers.BooleanField):
    """A boolean; other types are not converted."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the flag. Raises ValidationError."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class NumberField(serializers.IntegerField):
    """An integer; other types are not converted."""

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
    """Serializes a row with `document`; its fields describe the result in the schema."""

    def document(self, row: Any) -> dict[str, Any]:
        """Return the row as JSON values."""
        raise NotImplementedError

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the document."""
        return self.document(instance)
