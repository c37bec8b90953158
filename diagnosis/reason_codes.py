"""What the reason codes of deliveries mean, and what an operator does about each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from validation.errors import DESCRIPTIONS, Reason


class Cause(Enum):
    """Who can bring a reason about."""

    # Only what is set or written on our side: the sender had proved who it is, or did not matter.
    OURS = "ours"
    # Our side, or somebody outside just as well: a count does not tell which.
    EITHER = "either"
    # Whoever sends the request; of the service's own it would be nothing to mend.
    SENDER = "sender"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A reason in words: what it means, and what to do; `remedy` is empty for a stranger's try."""

    meaning: str
    remedy: str = ""


# What the receiver says itself, of requests whose token is right or that never came to it.
_RECEIVER: Final = {
    "access_keys_unavailable": Explanation(
        "The signature is demanded, and no access keys are known for the instance.",
        "Name the instance's keys in the file of SIGNALMAN_ACCESS_KEYS_FILE.",
    ),
    "arguments_count": Explanation(
        "The client passed another number of arguments than the handler takes.",
        "Make the handler's parameters and the client's call agree.",
    ),
    "arguments_type": Explanation(
        "The client passed an argument of another type than the handler's annotation.",
        "Make the handler's parameters and the client's call agree.",
    ),
    "asrs_signature_missing": Explanation(
        "The header X-ASRS-Signature is demanded and did not come.",
        "Switch local authentication on at the service, or the demand off.",
    ),
    "asrs_signature_wrong": Explanation(
        "The header X-ASRS-Signature fits neither access key.",
        "Read the instance's keys anew: they may have been regenerated.",
    ),
    "body_chunked": Explanation(
        "The body came in chunks, and the web server does not say where it ends.",
        "Serve the receiver with granian or gunicorn.",
    ),
    "body_field": Explanation("A field of the body is wrong."),
    "body_incomplete": Explanation("The body ended before it was whole."),
    "body_malformed": Explanation("The body is not what its type says."),
    "body_nesting": Explanation("The body is nested too deeply."),
    "body_too_large": Explanation(
        "The body is larger than the receiver takes.",
        "Send less, or raise SIGNALMAN_BODY_BYTES.",
    ),
    "body_type": Explanation("The body is no message that the service sends."),
    "category_unknown": Explanation("The category is neither connections nor messages."),
    "duplicate_in_progress": Explanation("The same call is being worked on; the service retries."),
    "duplicates_unknown": Explanation(
        "Whether the call was made before cannot be told, because the cache does not answer.",
        "Look at the cache of SIGNALMAN_CACHE_URL.",
    ),
    "event_unknown": Explanation("The category has no such event."),
    "handler_error": Explanation(
        "The handler raised an exception.", "The receiver's log has its traceback."
    ),
    "header_control": Explanation("A header holds control characters."),
    "header_missing": Explanation("A header that the service always sends did not come."),
    "header_not_ascii": Explanation("A header holds what headers cannot hold."),
    "header_repeated": Explanation("A header that the service sends once came twice."),
    "header_unreadable": Explanation(
        "A header came empty: granian's WSGI interface empties those that hold more than ASCII.",
        "Serve config.asgi:application with granian's ASGI interface.",
    ),
    "internal_error": Explanation("The receiver failed.", "Its log has the traceback."),
    "header_too_long": Explanation("A header is longer than the service sends."),
    "hub_error": Explanation("The handler told the client that it cannot be done."),
    "media_type": Explanation("The body is neither JSON nor MessagePack."),
    "no_handler": Explanation(
        "No hub handles the event.",
        "Register a handler in an app's hubs.py, or narrow the template's patterns.",
    ),
    "path_disagrees": Explanation(
        "The path names another hub, category or event than the headers.",
        "Put {hub}, {category} and {event} into the URL template in this order.",
    ),
    "policy_unavailable": Explanation(
        "What the instance accepts could not be read from the database.",
        "Look at the database: /readyz says what does not answer.",
    ),
    "result_too_large": Explanation(
        "The handler's result is larger than may be sent.",
        "Answer with less, or raise SIGNALMAN_RESULT_BYTES.",
    ),
    "result_unsendable": Explanation(
        "The handler's result cannot be written in the client's protocol.",
        "Answer with plain values: text, numbers, lists and mappings.",
    ),
    "target_mismatch": Explanation("The body names another method than the headers."),
    "unknown_instance": Explanation(
        "No instance of that name receives here.", "Import it, or mend the URL template."
    ),
    "url_secret_missing": Explanation(
        "A secret in the URL is demanded and did not come.",
        "Put a Key Vault reference into the URL template.",
    ),
    "url_secret_wrong": Explanation(
        "The secret in the URL is not the one that is demanded.",
        "Set the same secret at the receiver and in the vault.",
    ),
}

# Where what is configured may be the cause; all else is the sender's own doing.
_REMEDIES: Final = {
    Reason.AUTHORIZATION_MISSING: (
        "Switch managed-identity authentication on in the template that takes the event."
    ),
    Reason.KEYS_UNAVAILABLE: "Let this server reach Microsoft Entra.",
    Reason.KEY_ID_UNKNOWN: "Keys are read again by themselves; a key of nobody stays unknown.",
    Reason.EXPIRED: "Check this server's clock.",
    Reason.NOT_YET_VALID: "Check this server's clock.",
    Reason.ISSUED_IN_THE_FUTURE: "Check this server's clock.",
    Reason.WRONG_ISSUER: "The subscription's tenant and SIGNALMAN_TOKEN_ISSUER must be Azure's.",
    Reason.WRONG_TENANT: "Read the subscription again: its tenant may have changed.",
    Reason.WRONG_VERSION: (
        "Let the application's registration issue tokens of the version of SIGNALMAN_TOKEN_ISSUER."
    ),
    Reason.NO_AUDIENCE_ACCEPTED: (
        "No template that takes the event is signed: choose a resource for it, and apply."
    ),
    Reason.WRONG_AUDIENCE: (
        "The template in Azure asks for another resource: apply the plan, or accept the drift."
    ),
    Reason.NO_PRINCIPAL_ACCEPTED: "The instance has no identity: give it one, and apply.",
    Reason.WRONG_PRINCIPAL: ("Read the instance again: its identity may have changed."),
    Reason.WRONG_CLIENT: "Read the instance again: its identity may have changed.",
    Reason.WRONG_RESOURCE: "Read the instance again: it or its identity may have been made anew.",
}

# Any request without a token has the first; keys of nobody are easily invented; and nothing of an
# instance that is not known is counted for one that is.
_ANYBODYS: Final = frozenset(
    {Reason.AUTHORIZATION_MISSING, Reason.KEY_ID_UNKNOWN, "unknown_instance"}
)
# Checked before the signature, so that a token that is made up can have them too; or the doing of
# an instance's clients, whose messages the service passes on.
_EITHERS: Final = frozenset(
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
        "no_handler",
    }
)


def explain(reason: str) -> Explanation:
    """Return what `reason` means; of a code that is not known, that the log tells more."""
    if reason in _RECEIVER:
        return _RECEIVER[reason]
    try:
        known = Reason(reason)
    except ValueError:
        return Explanation("The receiver's log says more.")
    return Explanation(DESCRIPTIONS[known], _REMEDIES.get(known, ""))


def cause_of(reason: str) -> Cause:
    """Return who can bring `reason` about; what has no remedy is the sender's doing."""
    if reason in _ANYBODYS or not explain(reason).remedy:
        return Cause.SENDER
    return Cause.EITHER if reason in _EITHERS else Cause.OURS
