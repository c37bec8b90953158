"""Does the authentication in front of each Function App let the instance's signed requests in?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from diagnosis.context import Subject
from diagnosis.findings import Finding, failed, passed, unknown
from upstreams.function_app_authentication import Disagreement, disagreements
from upstreams.function_app_requirements import demand_on, is_in_reach
from upstreams.models import FunctionApp

# What is not known of the app or the identity: it may agree all the same.
_DOUBTS: Final = frozenset(
    {"settings_from_file", "principal_unknown", "application_unknown", "other_check"}
)


def check_function_apps(subject: Subject) -> Iterator[Finding]:
    """Check each known Function App that a signed template points at."""
    apps = {
        app.pk: app
        for _, template in subject.signed
        if (app := subject.function_app(template)) is not None
    }
    for app in apps.values():
        yield from _check(subject, app)


def _check(subject: Subject, app: FunctionApp) -> Iterator[Finding]:
    key, title = _key(app, "read"), f"What the Function App {app} demands is known"
    if not is_in_reach(app, subject.instance):
        yield unknown(
            key,
            title,
            "It trusts another tenant than the one that signs, so that nobody can tell from here.",
            "See that it accepts tokens of the instance's tenant.",
        )
        return
    if app.auth is None or app.problem:
        yield unknown(
            key,
            title,
            app.problem or "Its authentication was never read.",
            f"manage.py function_apps {app} --refresh",
        )
        return
    demand = demand_on(app, subject.instance, [template for _, template in subject.signed])
    found = disagreements(app.auth, demand)
    for each in found:
        yield _finding(app, each)
    if not found:
        yield passed(
            _key(app, "agrees"),
            f"The Function App {app} lets the signed requests in",
            f"It accepts {', '.join(demand.resources) or 'them'} from {demand.issuer} "
            "and refuses requests without a token.",
        )


def _finding(app: FunctionApp, found: Disagreement) -> Finding:
    key, title = _key(app, found.code), f"The Function App {app} lets the signed requests in"
    if found.code in _DOUBTS:
        return unknown(key, title, found.sentence, found.fix)
    return failed(key, title, found.sentence, _fix(app, found))


def _fix(app: FunctionApp, found: Disagreement) -> str:
    if not found.is_mendable:
        return found.fix
    if app.policy == FunctionApp.Policy.MANAGE:
        return f"{found.fix} The instance's next plan does it."
    return f"{found.fix} Or let plans do it: manage.py function_apps {app} --policy manage"


def _key(app: FunctionApp, code: str) -> str:
    return f"function_apps[{app}].{code}"
