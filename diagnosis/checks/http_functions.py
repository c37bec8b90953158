"""Whether a function of the imported app serves a template's URL, and the URL has its key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from arm.function_apps.http_functions import HttpFunction
from arm.instance_state import TemplateState
from diagnosis.checks.az_commands import az
from diagnosis.context import Context
from diagnosis.findings import WORST_FIRST, Finding, failed, passed, unknown
from diagnosis.sample_events import events_of
from upstreams.models import FunctionApp
from upstreams.url_templates.patterns import Event, expand

KEY_EXAMPLE: Final = (
    "code={@Microsoft.KeyVault(SecretUri=https://<vault>.vault.azure.net/secrets/<name>)}"
)


def check_function(
    index: int, template: TemplateState, context: Context, event: Event | None = None
) -> Iterator[Finding]:
    """Check the URL of a template that points at an imported app, but not at its webhook.

    Checks `event`, or by default every event that the template is the first to match.
    """
    app = context.function_app(template)
    if app is None or app.is_web_app:
        return
    key, title = f"templates[{index}].function", f"Template {index + 1} reaches a function"
    functions = app.http_functions
    if not functions:
        evidence = "Azure lists no function of the app with an HTTP trigger."
        if functions is None:
            evidence = app.access_problem or "The functions of the app have not been read."
        yield unknown(
            key,
            title,
            evidence,
            "Check that a function serves the URL. Then refresh from Azure: manage.py "
            f"function_apps {app} --refresh",
        )
        return
    checked = events_of(context.effective.templates, index) if event is None else [event]
    urls = [urlsplit(expand(template.url_template, *each)) for each in checked]
    found = [_of_url(key, title, url, app, functions) for url in urls]
    yield from sorted(found, key=lambda each: WORST_FIRST.index(each.outcome))[:1]


def code_in(query: str) -> str:
    """Return the key in a query; empty where it has none."""
    return parse_qs(query, keep_blank_values=True).get("code", [""])[-1]


def _of_url(
    key: str, title: str, url: SplitResult, app: FunctionApp, functions: tuple[HttpFunction, ...]
) -> Finding:
    serving = [each for each in functions if each.serves(url.path)]
    active = next((each for each in serving if not each.is_disabled), None)
    if active is None:
        what = (
            f"The function {serving[0].name} is disabled"
            if serving
            else "No function serves the URL"
        )
        paths = ", ".join(each.path for each in functions if not each.is_disabled)
        return failed(
            key,
            title,
            f"{what}. {url.path} returns 404.",
            f"Use the path of a function of {app} in the URL: {paths}.",
        )
    if active.level == "anonymous":
        return passed(key, title, f"The function {active.name} requires no key.")
    required = "the master key" if active.level == "admin" else "its key"
    if code_in(url.query):
        return unknown(
            key,
            title,
            f"The function {active.name} requires {required}. The URL has a key, but Signalman "
            "cannot see whether it is the current key.",
            f"Compare the key: {az(app, 'function keys list', f'--function-name {active.name}')}",
        )
    return failed(
        key,
        title,
        f"The function {active.name} requires {required}, even for requests with a valid token. "
        "The URL has no key.",
        "Set the function's authorization level to anonymous, or store the key in Key Vault and "
        f"append ?{KEY_EXAMPLE} to the URL.",
    )
