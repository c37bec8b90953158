"""Checks of a token's claims against the policy."""

from __future__ import annotations

from typing import Final

from validation.checks.check_state import Inspection, text_claim, time_claim
from validation.errors import Reason, Refused
from validation.policy import GUID, TokenPolicy, version_of
from validation.verdict import Describe, Finding, UnverifiedClaims, shown, shown_set

# A managed identity's token lives for a day, one under continuous access evaluation for 28 hours.
MAX_LIFETIME_SECONDS: Final = 48 * 60 * 60
_LIFETIME: Final = f"at most {MAX_LIFETIME_SECONDS} s"

_APPLICATION: Final = "no scp; idtyp app, where present"

# v1 and v2 tokens name the client differently.
_CLIENT_CLAIMS: Final = {"1.0": "appid", "2.0": "azp"}


def lifetime(inspection: Inspection) -> Describe:
    """Check that `nbf` is before `exp`, and that the lifetime is one that Entra issues."""
    expires, not_before = time_claim(inspection, "exp"), time_claim(inspection, "nbf")
    seconds = expires - not_before
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
            f"The token is valid for {seconds} s, longer than any token from Entra.",
            expected=_LIFETIME,
            found=f"{seconds} s",
        )
    return lambda: Finding(_LIFETIME, f"{seconds} s", "The lifetime is acceptable.")


def expiry(inspection: Inspection) -> Describe:
    """Check that the token has not expired, with leeway for clock skew."""
    expires = time_claim(inspection, "exp")
    past = inspection.now - expires
    if past >= inspection.policy.leeway_seconds:
        raise Refused(
            Reason.EXPIRED,
            f"The token expired {past:.0f} s ago. The sender must request a new token.",
            expected=f"after {_clock(inspection)}",
            found=str(expires),
        )
    return lambda: Finding(
        f"after {_clock(inspection)}", str(expires), "The token has not expired."
    )


def start(inspection: Inspection) -> Describe:
    """Check that the token is valid already and was not issued in the future."""
    not_before, issued = time_claim(inspection, "nbf"), time_claim(inspection, "iat")
    latest = inspection.now + inspection.policy.leeway_seconds
    if not_before > latest:
        raise _too_early(inspection, Reason.NOT_YET_VALID, not_before, "becomes valid")
    if issued > latest:
        raise _too_early(inspection, Reason.ISSUED_IN_THE_FUTURE, issued, "was issued")
    return lambda: Finding(
        f"not after {_clock(inspection)}", str(not_before), "The token is already valid."
    )


def _too_early(inspection: Inspection, reason: Reason, time: int, verb: str) -> Refused:
    ahead = time - inspection.now
    return Refused(
        reason,
        f"The token {verb} {ahead:.0f} s from now. Check the clock of this machine.",
        expected=f"not after {_clock(inspection)}",
        found=str(time),
    )


def issuer(inspection: Inspection) -> Describe:
    """Check that the issuer equals the policy's, including a trailing slash."""
    expected, found = inspection.policy.issuer, text_claim(inspection, "iss")
    if found != expected:
        raise Refused(
            Reason.WRONG_ISSUER,
            f"The token is issued by {shown(found)}, not by {expected}. "
            f"{_issuer_hint(inspection.policy, found)}",
            expected=expected,
            found=shown(found),
        )
    return lambda: Finding(expected, shown(found), "The token was issued by the tenant.")


def tenant(inspection: Inspection) -> Describe:
    """Check that `tid` is the policy's tenant, which is also the issuer's."""
    expected, found = inspection.policy.tenant_id, text_claim(inspection, "tid")
    if found != expected:
        raise Refused(
            Reason.WRONG_TENANT,
            f"The token is from the tenant {shown(found)}, not from {expected}.",
            expected=expected,
            found=shown(found),
        )
    return lambda: Finding(expected, shown(found), "The token is from the right tenant.")


def version(inspection: Inspection) -> Describe:
    """Check that the token has the version that the issuer issues."""
    expected, found = inspection.policy.version, text_claim(inspection, "ver")
    if found != expected:
        raise Refused(
            Reason.WRONG_VERSION,
            f"The token has version {shown(found)}, not {expected}. Set "
            f"{_version_setting(expected)}.",
            expected=expected,
            found=shown(found),
        )
    return lambda: Finding(expected, shown(found), "The token has the right version.")


def audience(inspection: Inspection) -> Describe:
    """Check that the token is for exactly one accepted audience."""
    accepted = inspection.policy.audiences
    found = _single_audience(inspection)
    if found in accepted:
        return lambda: Finding(
            shown_set(accepted), shown(found), "The token is for this application."
        )
    expected = shown_set(accepted)
    if not accepted:
        raise Refused(
            Reason.NO_AUDIENCE_ACCEPTED,
            "The receiver accepts no audience, because no template that matches the event uses "
            "managed identity with a resource.",
            expected=expected,
            found=shown(found),
        )
    raise Refused(
        Reason.WRONG_AUDIENCE,
        f"The token is for {shown(found)}, but the receiver accepts {expected}. The requested "
        "resource and the accepted audience must be equal, including a trailing slash.",
        expected=expected,
        found=shown(found),
    )


def application(inspection: Inspection) -> Describe:
    """Check that the token is an app-only token, not a delegated one."""
    claims = inspection.unverified_claims
    if "scp" in claims or claims.get("idtyp", "app") != "app":
        raise Refused(
            Reason.USER_TOKEN,
            "The token was issued for a user. The service sends an application token of its "
            "managed identity.",
            expected=_APPLICATION,
            found=_shown_marks(claims),
        )
    return lambda: Finding(_APPLICATION, _shown_marks(claims), "The token is an application token.")


def _shown_marks(claims: UnverifiedClaims) -> str:
    marks = [name for name in ("scp", "idtyp") if name in claims]
    return ", ".join(f"{name} {shown(claims[name])}" for name in marks) or "neither"


def principal(inspection: Inspection) -> Describe:
    """Check that the token's principal is accepted.

    Any identity of a tenant can get a token for any audience of the tenant, unless the application
    requires an assignment: issuer, audience and signature do not identify the caller.
    """
    accepted = inspection.policy.principal_ids
    found = text_claim(inspection, "oid")
    if found in accepted:
        return lambda: Finding(
            shown_set(accepted), shown(found), "The token's principal is accepted."
        )
    expected = shown_set(accepted)
    if not accepted:
        raise Refused(
            Reason.NO_PRINCIPAL_ACCEPTED,
            "The receiver accepts no identity: the instance has none, or Azure has not returned "
            "its principal ID yet.",
            expected=expected,
            found=shown(found),
        )
    raise Refused(
        Reason.WRONG_PRINCIPAL,
        f"The token's principal is {shown(found)}, but the receiver accepts {expected}.",
        expected=expected,
        found=shown(found),
    )


def client(inspection: Inspection) -> Describe:
    """Check the client ID where the policy has one."""
    accepted = inspection.policy.client_ids
    if not accepted:
        return lambda: Finding("any client", "any", "The policy does not restrict the client ID.")
    name = _CLIENT_CLAIMS[inspection.policy.version]
    found = text_claim(inspection, name)
    if found not in accepted:
        expected = shown_set(accepted)
        raise Refused(
            Reason.WRONG_CLIENT,
            f"The token's {name} is {shown(found)}, but the receiver accepts {expected}.",
            expected=expected,
            found=shown(found),
        )
    return lambda: Finding(shown_set(accepted), shown(found), "The token's client is accepted.")


def resource(inspection: Inspection) -> Describe:
    """Check the Azure resource where the token names one.

    `xms_mirid` and `xms_az_rid` are documented for Microsoft's own services only, so they are
    compared where present and not required.
    """
    accepted = inspection.policy.resource_ids
    claims = inspection.unverified_claims
    names = [name for name in ("xms_mirid", "xms_az_rid") if name in claims]
    if not accepted or not names:
        return lambda: Finding(
            "any resource", "any", "The policy or the token does not name an Azure resource."
        )
    for name in names:
        found = text_claim(inspection, name)
        if found.lower() not in accepted:
            raise Refused(
                Reason.WRONG_RESOURCE,
                f"The token's {name} is {shown(found)}, but the receiver accepts "
                f"{shown_set(accepted)}.",
                expected=shown_set(accepted),
                found=shown(found),
            )
    return lambda: Finding(
        shown_set(accepted), ", ".join(names), "The token names the right resource."
    )


def _clock(inspection: Inspection) -> str:
    return f"{inspection.now:.0f}, plus or minus {inspection.policy.leeway_seconds} s"


def _issuer_hint(policy: TokenPolicy, found: str) -> str:
    """Return what differs: the spelling, the tenant, the version or the cloud, in that order."""
    expected = policy.issuer
    if found.rstrip("/") == expected.rstrip("/"):
        return "Only the trailing slash differs, and it is significant."
    if found.lower() == expected.lower():
        return "Only upper and lower case differ, and they are significant."
    tenant = GUID.search(found.lower())
    if tenant is None:
        return "The issuer names no tenant of Microsoft Entra."
    if tenant[0] != policy.tenant_id:
        return f"The issuer belongs to another tenant, {tenant[0]}."
    version = version_of(found.rstrip("/"))
    if version != policy.version:
        return (
            f"The tenant is right, but the token has version {version}, and the receiver accepts "
            f"version {policy.version}. Set {_version_setting(policy.version)}, or accept the "
            "other version."
        )
    return "The tenant and the version are right, but the issuer belongs to another cloud."


def _version_setting(version: str) -> str:
    """Return the setting for tokens of that version, to follow "Set "."""
    return f"requestedAccessTokenVersion to {version[0]} in the app registration"


def _single_audience(inspection: Inspection) -> str:
    value = inspection.unverified_claims.get("aud")
    if not isinstance(value, list):
        return text_claim(inspection, "aud")
    if len(value) != 1:
        raise Refused(
            Reason.SEVERAL_AUDIENCES,
            f"The token is for {len(value)} audiences. Entra issues tokens for exactly one.",
            expected=shown_set(inspection.policy.audiences),
            found=shown(value),
        )
    if not isinstance(value[0], str):
        raise Refused(
            Reason.WRONG_CLAIM_TYPE,
            "The claim 'aud' is a list that contains no string.",
            expected=shown_set(inspection.policy.audiences),
            found=shown(value),
        )
    return value[0]
