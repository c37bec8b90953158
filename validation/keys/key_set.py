"""The signing keys of one issuer as they were last seen: values that can be joined and shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from validation.keys.jwks import SigningKey


@dataclass(frozen=True, order=True)
class Miss:
    """The last reading, in any process, that did not find the unknown key ID that caused it.

    `back_off` is how many seconds later the same key ID may cause the next one.
    """

    at: float = 0.0
    kid: str = ""
    back_off: float = 0.0


NO_MISS: Final = Miss()


@dataclass(frozen=True)
class KeySet:
    """Keys by id, when each was last published, and when the issuer was last read.

    Times are seconds since the epoch. Entra's key document leaves keys out for hours and brings
    them back, so sets are joined and never replaced.
    """

    keys: Mapping[str, SigningKey] = field(default_factory=dict)
    seen: Mapping[str, float] = field(default_factory=dict)
    read_at: float = float("-inf")
    last_miss: Miss = NO_MISS

    @classmethod
    def read(
        cls, keys: Mapping[str, SigningKey], *, now: float, last_miss: Miss = NO_MISS
    ) -> KeySet:
        """Return the set that the issuer publishes now."""
        return cls(dict(keys), dict.fromkeys(keys, now), now, last_miss)

    def joined(self, other: KeySet, *, keep_seconds: float) -> KeySet:
        """Return the union. A key goes once it was not seen for `keep_seconds` of readings.

        Age is measured at the latest reading, not at the clock: while the issuer cannot be read,
        no key ages.
        """
        older, newer = sorted((self, other), key=lambda keys: keys.read_at)
        seen = dict(older.seen)
        for kid, time in newer.seen.items():
            seen[kid] = max(time, seen.get(kid, 0.0))
        seen = {kid: time for kid, time in seen.items() if time >= newer.read_at - keep_seconds}
        keys = {**older.keys, **newer.keys}
        return KeySet(
            {kid: keys[kid] for kid in seen},
            seen,
            newer.read_at,
            max(self.last_miss, other.last_miss),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the set as JSON values; `from_json` reads it back."""
        return {
            "keys": [
                {"jwk": dict(key.jwk), "seen": self.seen[kid]} for kid, key in self.keys.items()
            ],
            "read_at": self.read_at,
            "missed_at": self.last_miss.at,
            "missed_kid": self.last_miss.kid,
            "back_off": self.last_miss.back_off,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> KeySet:
        """Read what `to_json` wrote."""
        read = [(SigningKey.from_jwk(item["jwk"]), item["seen"]) for item in value["keys"]]
        return cls(
            {key.kid: key for key, _ in read},
            {key.kid: seen for key, seen in read},
            value["read_at"],
            # A process of an earlier release shares neither the key ID nor its back-off.
            Miss(value["missed_at"], value.get("missed_kid", ""), value.get("back_off", 0.0)),
        )


NO_KEYS: Final = KeySet()
