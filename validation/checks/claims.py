"""Checks of what a token claims, against what the policy demands."""

from __future__ import annotations

from typing import Final

from validation.checks.inspection import Finding, Inspection, text_claim, time_claim
from validation.errors import Reason, Refused
from validation.verdict import shown, shown_set

# A managed identity's token lives for a day, one under continuous access evaluation for 28 hours.
MAX_LIFETIME_SECONDS: Final = 48 * 60 * 60

# v1 and v2 tokens name the client differently.
_CLIENT_CLAIMS: Final = {"1.0": "appid", "2.0": "azp"}


def lifetime(inspection: Inspection) -> Finding:
    """`exp` and `nbf` are there, in order, and no further apart than Entra puts them."""
    expires, not_before = time_claim(inspection, "exp"), time_claim(inspection, "nbf")
    seconds = expires - not_before
    expected = f"at most {MAX_LIFETIME_SECONDS} s"
    if seconds <= 0:
        raise Refused(
            Reason.LIFETIME_INVERTED,
            "The token expires before it becomes valid.",
            expected="exp after nbf",
            found=f"{seconds} s",
        )
    if seconds > MAX_LIFETIME_SECONDS:
        raise Refused(
            Reason.LIFETIME_TOO_LONG,
            f"The token is valid for {seconds} s, longer than any token of Entra's.",
            expected=expected,
            found=f"{seconds} s",
        )
    return Finding(expected, f"{seconds} s", "The token is valid for an ordinary time.")


def expiry(inspection: Inspection) -> Finding:
    """The token has not expired, but for a little disagreement of clocks."""
    expires = time_claim(inspection, "exp")
    past = inspection.now - expires
    expected = f"after {_clock(inspection)}"
    if past >= inspection.policy.leeway_seconds:
        raise Refused(
            Reason.EXPIRED,
            f"The token expired {past:.0f} s ago; the sender must get a new one.",
            expected=expected,
            found=str(expires),
        )
    return Finding(expected, str(expires), "The token has not expired.")


def start(inspection: Inspection) -> Finding:
    """The token is valid already, and was issued already."""
    expected = f"not after {_clock(inspection)}"
    not_before, issued = time_claim(inspection, "nbf"), time_claim(inspection, "iat")
    for reason, time, verb in (
        (Reason.NOT_YET_VALID, not_before, "becomes valid"),
        (Reason.ISSUED_IN_THE_FUTURE, issued, "was issued"),
    ):
        ahead = time - inspection.now
        if ahead > inspection.policy.leeway_seconds:
            raise Refused(
                reason,
                f"The token {verb} {ahead:.0f} s from now; compare this machine's clock with the "
                "right time.",
                expected=expected,
                found=str(time),
            )
    return Finding(expected, str(not_before), "The token is valid already.")


def issuer(inspection: Inspection) -> Finding:
    """The issuer is exactly the policy's, to the last slash."""
    expected, found = inspection.policy.issuer, text_claim(inspection, "iss")
    if found != expected:
        raise Refused(
            Reason.WRONG_ISSUER,
            f"The token is issued by {shown(found)}, not by {expected}. "
            f"{_issuer_hint(expected, found)}",
            expected=expected,
            found=shown(found),
        )
    return Finding(expected, shown(found), "The token is issued by the tenant's Entra.")


def tenant(inspection: Inspection) -> Finding:
    """`tid` is the tenant of the policy, which is also that of the issuer."""
    expected, found = inspection.policy.tenant_id, text_claim(inspection, "tid")
    if found != expected:
        raise Refused(
            Reason.WRONG_TENANT,
            f"The token is of the tenant {shown(found)}, not of {expected}.",
            expected=expected,
            found=shown(found),
        )
    return Finding(expected, shown(found), "The token is of the right tenant.")


def version(inspection: Inspection) -> Finding:
    """The token is of the version that the issuer stands for."""
    expected, found = inspection.policy.version, text_claim(inspection, "ver")
    if found != expected:
        raise Refused(
            Reason.WRONG_VERSION,
            f"The token is of version {shown(found)}, not {expected}: the application's "
            "registration decides which (requestedAccessTokenVersion).",
            expected=expected,
            found=shown(found),
        )
    return Finding(expected, shown(found), "The token is of the right version.")


def audience(inspection: Inspection) -> Finding:
    """The token is for us, and for nobody besides."""
    accepted = inspection.policy.audiences
    expected = shown_set(accepted)
    found = _single_audience(inspection, expected)
    if not accepted:
        raise Refused(
            Reason.NO_AUDIENCE_ACCEPTED,
            "No audience is accepted here: no template asks for a signed request, or none is set.",
            expected=expected,
            found=shown(found),
        )
    if found not in accepted:
        raise Refused(
            Reason.WRONG_AUDIENCE,
            f"The token is for {shown(found)}; accepted is {expected}. The resource that is asked "
            "for and the audience that is accepted must be the same, to the last slash.",
            expected=expected,
            found=shown(found),
        )
    return Finding(expected, shown(found), "The token is for this application.")


def application(inspection: Inspection) -> Finding:
    """The token is an application's own, not one that acts for a user."""
    claims = inspection.unverified_claims
    expected = "no scp; idtyp app, where present"
    marks = [name for name in ("scp", "idtyp") if name in claims]
    found = ", ".join(f"{name} {shown(claims[name])}" for name in marks) or "neither"
    if "scp" in claims or claims.get("idtyp", "app") != "app":
        raise Refused(
            Reason.USER_TOKEN,
            "The token acts for a user; the service sends its identity's own.",
            expected=expected,
            found=found,
        )
    return Finding(expected, found, "The token is an application's own.")


def principal(inspection: Inspection) -> Finding:
    """The token is that identity's, and not of just any identity of the tenant.

    Any identity of a tenant can get a token for any audience of the tenant, unless the application
    demands an assignment: issuer, audience and signature do not say who is calling.
    """
    accepted = inspection.policy.principal_ids
    expected, found = shown_set(accepted), text_claim(inspection, "oid")
    if not accepted:
        raise Refused(
            Reason.NO_PRINCIPAL_ACCEPTED,
            "No identity is accepted here: the instance has none, or Azure has not told its "
            "principal id yet.",
            expected=expected,
            found=shown(found),
        )
    if found not in accepted:
        raise Refused(
            Reason.WRONG_PRINCIPAL,
            f"The token is of the principal {shown(found)}; accepted is {expected}.",
            expected=expected,
            found=shown(found),
        )
    return Finding(expected, shown(found), "The token is of the right identity.")


def client(inspection: Inspection) -> Finding:
    """The client id is the identity's, where the policy knows it."""
    accepted = inspection.policy.client_ids
    if not accepted:
        return Finding("any client", "any", "The policy names no client id.")
    name = _CLIENT_CLAIMS[inspection.policy.version]
    expected, found = shown_set(accepted), text_claim(inspection, name)
    if found not in accepted:
        raise Refused(
            Reason.WRONG_CLIENT,
            f"The token's {name} is {shown(found)}; accepted is {expected}.",
            expected=expected,
            found=shown(found),
        )
    return Finding(expected, shown(found), "The token is of the right client.")


def resource(inspection: Inspection) -> Finding:
    """The Azure resource that the token names, where it names one, is the policy's.

    `xms_mirid` and `xms_az_rid` are not documented for others than Microsoft's own services, so
    they are believed where present, and not required.
    """
    accepted = inspection.policy.resource_ids
    claims = inspection.unverified_claims
    names = [name for name in ("xms_mirid", "xms_az_rid") if name in claims]
    if not accepted or not names:
        return Finding("any resource", "any", "The policy or the token names no Azure resource.")
    for name in names:
        found = text_claim(inspection, name)
        if found.lower() not in accepted:
            raise Refused(
                Reason.WRONG_RESOURCE,
                f"The token's {name} is {shown(found)}; accepted is {shown_set(accepted)}.",
                expected=shown_set(accepted),
                found=shown(found),
            )
    return Finding(shown_set(accepted), ", ".join(names), "The token names the right resource.")


def _clock(inspection: Inspection) -> str:
    return f"{inspection.now:.0f}, give or take {inspection.policy.leeway_seconds} s"


def _issuer_hint(expected: str, found: str) -> str:
    if found.rstrip("/") == expected.rstrip("/"):
        return "Only the slash at the end differs, and it counts."
    if found.endswith("/v2.0") and not expected.endswith("/v2.0"):
        return "It is a v2 token: let the application's registration issue v1 tokens."
    return "It is another tenant's, or another cloud's."


def _single_audience(inspection: Inspection, expected: str) -> str:
    value = inspection.unverified_claims.get("aud")
    if not isinstance(value, list):
        return text_claim(inspection, "aud")
    if len(value) != 1:
        raise Refused(
            Reason.SEVERAL_AUDIENCES,
            f"The token is for {len(value)} audiences at once; Entra issues for exactly one.",
            expected=expected,
            found=shown(value),
        )
    if not isinstance(value[0], str):
        raise Refused(
            Reason.WRONG_CLAIM_TYPE,
            "The claim 'aud' is a list that holds no string.",
            expected=expected,
            found=shown(value),
        )
    return value[0]
