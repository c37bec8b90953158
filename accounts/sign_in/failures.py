"""Reasons why a sign-in with Entra fails, and what to do about each.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from jwt import PyJWTError
from requests import RequestException

_AADSTS: Final = re.compile(r"AADSTS(\d{4,9})")
_ERROR: Final = re.compile(r"[\"']error[\"']\s*:\s*[\"']([a-z_]{1,40})[\"']")
_WORD: Final = re.compile(r"[a-z_]{1,40}")

_MAX_CHARACTERS: Final = 10_000

# By the number after AADSTS.
_MESSAGES: Final = {
    "7000215": "SIGNALMAN_SIGN_IN_CLIENT_SECRET is wrong. Use the secret's value, not its ID.",
    "7000222": "The client secret has expired. Create one in the app registration, and set "
    "SIGNALMAN_SIGN_IN_CLIENT_SECRET.",
    "700016": "The tenant does not have the application. Check SIGNALMAN_SIGN_IN_CLIENT_ID and "
    "SIGNALMAN_SIGN_IN_TENANT_ID.",
    "90002": "Entra does not know the tenant. Check SIGNALMAN_SIGN_IN_TENANT_ID.",
    "50105": "You are not assigned to this application. Ask an administrator of your tenant to "
    "assign you Fleet.Reader, Fleet.Operator or Fleet.Admin.",
    "50011": "The app registration lacks this portal's redirect URI, which ends with "
    "/admin/sign-in/entra/login/callback/.",
    "65001": "The application has no consent in your tenant. Ask an administrator to grant it.",
    "65004": "The sign-in was cancelled: you declined the permissions that it needs.",
    "50020": "Your account belongs to another tenant and is not a guest of this one.",
    "53003": "A Conditional Access policy of your tenant blocks this sign-in.",
}
_OTHERS: Final = (
    "Entra did not complete the sign-in, or it took too long. Try again. If it fails again, ask "
    "the operator of this portal to look at its log."
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed sign-in. Holds nothing of Entra's answer but its codes."""

    kind: str
    error: str
    code: str

    @property
    def message(self) -> str:
        """The message of the page: what to do."""
        if self.kind == "unreachable" and not self.code:
            return "Entra cannot be reached. Try again in a moment."
        message = _MESSAGES.get(self.code, _OTHERS)
        return f"{message} (AADSTS{self.code})" if self.code else message

    def __str__(self) -> str:
        """Return the log's text."""
        code = f"AADSTS{self.code}" if self.code else ""
        return ", ".join(filter(None, [self.kind, self.error, code]))


def failure_of(request: HttpRequest, exception: Exception | None) -> Failure:
    """Return why the sign-in failed: by Entra's redirect, or by the answer with the tokens."""
    response = getattr(exception, "response", None)
    body = "" if response is None else response.text[:_MAX_CHARACTERS]
    described = f"{request.GET.get('error_description', '')} {exception or ''} {body}"
    code = _AADSTS.search(described)
    error = request.GET.get("error", "")
    if not _WORD.fullmatch(error):
        found = _ERROR.search(described)
        error = found[1] if found else ""
    return Failure(_kind(exception), error, code[1] if code else "")


def _kind(exception: Exception | None) -> str:
    if isinstance(exception, RequestException):
        return "unreachable"
    if isinstance(exception, PyJWTError):
        return "invalid id token"
    return type(exception).__name__ if exception else "refused by Entra"
