"""The meaning of each reason code of a delivery, and how to fix its cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from validation.errors import DESCRIPTIONS, Reason


class Cause(Enum):
    """The origin of a reason."""

    # Only settings or code on our side: the sender was authenticated, or is irrelevant.
    OURS = "ours"
    # Our side, or an unauthenticated sender: a count does not show which.
    EITHER = "either"
    # The sender of the request; there is nothing to fix on our side.
    SENDER = "sender"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The meaning of a reason and its fix, which is empty where only the sender is the cause."""

    meaning: str
    fix: str = ""


# Reasons of the receiver itself, other than those of the token checks.
RECEIVER_REASONS: Final = {
    "access_keys_unavailable": Explanation(
        "The signature is required, but no access keys are configured for the instance.",
        "Add the instance's keys to the file that SIGNALMAN_ACCESS_KEYS_FILE names.",
    ),
    "arguments_count": Explanation(
        "The number of the client's arguments does not match the handler's parameters.",
        "Change the handler's parameters or the client's call.",
    ),
    "arguments_type": Explanation(
        "The type of an argument does not match the handler's annotation.",
        "Change the handler's parameters or the client's call.",
    ),
    "asrs_signature_missing": Explanation(
        "The required header X-ASRS-Signature is missing.",
        "Enable access keys on the instance (set disableLocalAuth to false), or stop requiring the "
        "signature.",
    ),
    "asrs_signature_wrong": Explanation(
        "The header X-ASRS-Signature matches neither access key.",
        "Update the access keys in the file of SIGNALMAN_ACCESS_KEYS_FILE. They may have been "
        "regenerated in Azure.",
    ),
    "body_chunked": Explanation(
        "The body is chunked, and the web server does not mark its end.",
        "Serve the receiver with granian or gunicorn.",
    ),
    "body_field": Explanation("A field of the body is invalid."),
    "body_fragmented": Explanation("The body arrives in too many small parts."),
    "body_incomplete": Explanation("The body is incomplete."),
    "body_malformed": Explanation("The body is not valid for its content type."),
    "body_nesting": Explanation("The body is nested too deeply."),
    "body_too_large": Explanation(
        "The body is larger than the receiver's limit.",
        "Send smaller messages, or raise SIGNALMAN_BODY_BYTES.",
    ),
    "body_timeout": Explanation("The body did not arrive in time."),
    "body_type": Explanation("The body is not a message of the service."),
    "category_unknown": Explanation("The category is neither connections nor messages."),
    "duplicate_in_progress": Explanation(
        "The request is a duplicate of an invocation that is still being handled."
    ),
    "duplicates_unknown": Explanation(
        "The cache does not respond, so it is not known whether the invocation is a duplicate.",
        "Check the cache of SIGNALMAN_CACHE_URL.",
    ),
    "event_unknown": Explanation("The category does not have this event."),
    "handler_error": Explanation(
        "The handler raised an exception.", "Read its traceback in the receiver's log."
    ),
    "header_control": Explanation("A header contains control characters."),
    "header_missing": Explanation("A header that the service always sends is missing."),
    "header_not_ascii": Explanation("A header contains characters that are not allowed."),
    "header_not_utf8": Explanation("A header that the service sends as UTF-8 is not UTF-8."),
    "header_repeated": Explanation("A header that the service sends once is repeated."),
    "header_unreadable": Explanation(
        "A header is empty: granian's WSGI interface empties headers that are not ASCII.",
        "Serve config.asgi:application with granian's ASGI interface.",
    ),
    "https_required": Explanation(
        "The request used http, but SIGNALMAN_HTTPS requires https.",
        "Use https in the URL template. Behind a proxy, turn on SIGNALMAN_BEHIND_PROXY and "
        "configure the proxy to set X-Forwarded-Proto.",
    ),
    "internal_error": Explanation(
        "The receiver failed with an unexpected error.", "Read the traceback in the receiver's log."
    ),
    "header_too_long": Explanation("A header is longer than the service sends."),
    "hub_error": Explanation("The handler raised HubError, whose message the client received."),
    "media_type": Explanation("The body is neither JSON nor MessagePack."),
    "method_not_allowed": Explanation("The method is not POST."),
    "no_handler": Explanation(
        "No handler is registered for the event.",
        "Register a handler in an app's hubs.py, or narrow the template's patterns.",
    ),
    "path_disagrees": Explanation(
        "The hub, category or event in the path does not match the headers.",
        "Use {hub}, {category} and {event} in the URL template in this order.",
    ),
    "policy_unavailable": Explanation(
        "The instance's settings could not be read from the database.",
        "Check the database. /readyz shows which service does not respond.",
    ),
    "result_too_large": Explanation(
        "The handler's result is larger than the limit.",
        "Return a smaller result, or raise SIGNALMAN_RESULT_BYTES.",
    ),
    "result_unsendable": Explanation(
        "The handler's result cannot be encoded in the client's protocol.",
        "Return text, numbers, booleans, None, lists and mappings.",
    ),
    "send_error": Explanation(
        "The handler could not send a message. The SignalR service failed, refused the request or "
        "did not respond.",
        "Read the service's response in the receiver's log.",
    ),
    "send_forbidden": Explanation(
        "The handler could not send a message. The SignalR service refused the credential.",
        "Assign the role SignalR REST API Owner on the instance to the credential, or update the "
        "instance's connection string. A new role assignment takes effect within 30 minutes.",
    ),
    "target_mismatch": Explanation(
        "The method in the body does not match the X-ASRS-Event header."
    ),
    "unknown_instance": Explanation(
        "The URL names an instance that Signalman does not know.",
        "Import the instance, or correct the URL template.",
    ),
    "url_secret_missing": Explanation(
        "The URL does not contain the required secret.",
        "Add a Key Vault reference to the URL template.",
    ),
    "url_secret_wrong": Explanation(
        "The secret in the URL is not the required one.",
        "Set the same secret for the receiver and in Key Vault.",
    ),
}

# Reasons that a setting may cause; all others are caused by the sender.
_FIXES: Final = {
    Reason.AUTHORIZATION_MISSING: (
        "Set the authentication of the template that matches the event to managed identity."
    ),
    Reason.KEYS_UNAVAILABLE: "Allow the receiver to connect to Microsoft Entra, and read its log.",
    Reason.KEY_ID_UNKNOWN: (
        "Signing keys are refreshed automatically. If Entra signed the token, check "
        "SIGNALMAN_TOKEN_ISSUER. Applications with their own signing keys are not supported."
    ),
    Reason.EXPIRED: "Check this server's clock.",
    Reason.NOT_YET_VALID: "Check this server's clock.",
    Reason.ISSUED_IN_THE_FUTURE: "Check this server's clock.",
    Reason.WRONG_ISSUER: (
        "Refresh the instance. Signalman then reads api.requestedAccessTokenVersion of the app "
        "registration that the resource names, which determines the issuer. If Signalman may not "
        "read it, set SIGNALMAN_TOKEN_ISSUER to the issuer of that version."
    ),
    Reason.WRONG_TENANT: "Refresh the instance. The tenant of its subscription may have changed.",
    Reason.WRONG_VERSION: (
        "Refresh the instance. api.requestedAccessTokenVersion of the app registration determines "
        "the version."
    ),
    Reason.NO_AUDIENCE_ACCEPTED: (
        "Set the authentication of the template that matches the event to managed identity, then "
        "apply the plan."
    ),
    Reason.WRONG_AUDIENCE: (
        "The template in Azure has another resource. Apply the plan, or accept the drift."
    ),
    Reason.NO_PRINCIPAL_ACCEPTED: "Add an identity to the instance, then apply the plan.",
    Reason.WRONG_PRINCIPAL: "Refresh the instance. Its identity may have changed.",
    Reason.WRONG_CLIENT: "Refresh the instance. Its identity may have changed.",
    Reason.WRONG_RESOURCE: "Refresh the instance. It or its identity may have been created again.",
}

# Any sender can send a request without a token or with an invented key ID, or name an instance that
# does not exist.
_SENDERS: Final = frozenset(
    {Reason.AUTHORIZATION_MISSING, Reason.KEY_ID_UNKNOWN, "unknown_instance"}
)
# Checked before the signature, so that a forged token can cause them too; or caused by clients of
# the instance, whose messages the service forwards.
_AMBIGUOUS: Final = frozenset(
    {
        Reason.EXPIRED,
        Reason.NOT_YET_VALID,
        Reason.ISSUED_IN_THE_FUTURE,
        Reason.WRONG_ISSUER,
        Reason.WRONG_TENANT,
        Reason.WRONG_VERSION,
        "arguments_count",
        "arguments_type",
        "body_too_large",
        "header_unreadable",
        "https_required",
        "no_handler",
    }
)


def explain(reason: str) -> Explanation:
    """Return what `reason` means; an unknown code refers to the receiver's log."""
    if reason in RECEIVER_REASONS:
        return RECEIVER_REASONS[reason]
    try:
        known = Reason(reason)
    except ValueError:
        return Explanation("See the receiver's log.")
    return Explanation(DESCRIPTIONS[known], _FIXES.get(known, ""))


def cause_of(reason: str) -> Cause:
    """Return who can cause `reason`; a reason without a fix is caused by the sender."""
    if reason in _SENDERS or not explain(reason).fix:
        return Cause.SENDER
    return Cause.EITHER if reason in _AMBIGUOUS else Cause.OURS


# The codes of which not only the sender is the cause.
REASONS_TO_FIX: Final = tuple(
    sorted(
        code
        for code in {*RECEIVER_REASONS, *map(str, Reason)}
        if cause_of(code) is not Cause.SENDER
    )
)
