"""Whether the authentication of each Function App accepts the instance's signed requests."""

from __future__ import annotations

from collections.abc import Iterator

from arm.function_apps.authentication import FunctionAppAuth
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from upstreams.function_apps.authentication import mismatches
from upstreams.function_apps.instance_requests import is_same_tenant, signed_requests_to
from upstreams.function_apps.signed_requests import Mismatch
from upstreams.models import FunctionApp


def check_function_apps(context: Context) -> Iterator[Finding]:
    """Check each imported Function App that a signed template points at."""
    apps = {
        app.pk: app
        for _, template in context.signed
        if (app := context.function_app(template)) is not None
    }
    for app in apps.values():
        yield from _check(context, app)


def _check(context: Context, app: FunctionApp) -> Iterator[Finding]:
    key = _key(app, "read")
    title = f"The authentication settings of the {app.label} are known"
    if not is_same_tenant(app, context.instance):
        yield unknown(
            key,
            title,
            "The app is in a different tenant than the instance, so Signalman cannot check it.",
            "Check that the app accepts tokens that the instance's tenant issues.",
        )
        return
    if app.auth is None or app.problem:
        yield unknown(
            key,
            title,
            app.problem or "The settings have not been read.",
            f"Refresh from Azure: manage.py function_apps {app} --refresh",
        )
        return
    signed = [each for _, each in context.signed]
    requests = signed_requests_to(app, context.instance, signed, context.registrations)
    if requests.is_empty:
        yield unknown(
            _key(app, "agrees"),
            _title(app),
            "The templates that send to the app have no resource, so there is no audience to "
            "compare.",
            "Set the resource of each of these templates.",
        )
        return
    found = mismatches(app.auth, requests)
    for each in found:
        yield _finding(app, each)
    if not found:
        yield passed(
            _key(app, "agrees"),
            _title(app),
            f"The app accepts tokens for {', '.join(requests.audiences) or 'the resource'} from "
            f"{app.auth.issuer}, and {_unauthenticated(app.auth)}.",
        )


def _unauthenticated(auth: FunctionAppAuth) -> str:
    if auth.redirects_to_sign_in:
        return "redirects requests without a token to a sign-in page (302)"
    return "refuses requests without a token"


def _finding(app: FunctionApp, found: Mismatch) -> Finding:
    key, title = _key(app, found.code), _title(app)
    if not found.is_certain:
        return unknown(key, title, found.message, found.fix)
    return failed(key, title, found.message, _fix(app, found))


def _fix(app: FunctionApp, found: Mismatch) -> str:
    if not found.is_fixable:
        return found.fix
    if app.policy == FunctionApp.Policy.MANAGE:
        return f"{found.fix} The plan of the instance includes this change."
    return (
        f"{found.fix} Or allow plans to change the app: "
        f"manage.py function_apps {app} --policy manage"
    )


def _title(app: FunctionApp) -> str:
    return f"The {app.label} accepts the signed requests"


def _key(app: FunctionApp, code: str) -> str:
    return f"function_apps[{app}].{code}"
