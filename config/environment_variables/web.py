"""The web server, the portal and logs."""

from __future__ import annotations

from typing import Final

from config.environment_variables import parsers
from config.environment_variables.variable import Variable

SECRET_KEY: Final = Variable(
    "SIGNALMAN_SECRET_KEY",
    parsers.required_text,
    "",
    "Signs sessions and other values. To create one:\n"
    'python -c "import secrets; print(secrets.token_urlsafe(64))"',
    is_required=True,
)
ALLOWED_HOSTS: Final = Variable(
    "SIGNALMAN_ALLOWED_HOSTS",
    parsers.hosts,
    ["localhost", "127.0.0.1"],
    "Host names of the portal, the API and the receiver. Requests that name another host are\n"
    "refused.",
)
RECEIVER_HOSTS: Final = Variable[list[str]](
    "SIGNALMAN_RECEIVER_HOSTS",
    parsers.hosts_with_ports,
    [],
    "Host names at which Azure reaches this receiver, with the port unless it is 443 or 80, for\n"
    "example signalman.example.com or localhost:8000. The diagnosis treats any other host as\n"
    "another receiver.",
)
PROBE_NETWORKS: Final = Variable[list[str]](
    "SIGNALMAN_PROBE_NETWORKS",
    parsers.networks,
    [],
    "Private networks that the diagnosis may probe because receivers are in them, for example\n"
    "10.1.0.0/16. Link-local and metadata addresses are never probed.",
)
CSRF_TRUSTED_ORIGINS: Final = Variable[list[str]](
    "SIGNALMAN_CSRF_TRUSTED_ORIGINS",
    parsers.origins,
    [],
    "Other origins whose pages may submit forms to the portal, for example\n"
    "https://signalman.example.com.",
)
HTTPS: Final = Variable(
    "SIGNALMAN_HTTPS",
    parsers.flag,
    False,
    "Whether the portal is served over https: secure cookies, redirects to https, HSTS. Turn it\n"
    "on for every portal that is not on localhost. Behind a proxy, also turn on\n"
    "SIGNALMAN_BEHIND_PROXY. See docs/how-to/deploy/proxies.md.",
)
BEHIND_PROXY: Final = Variable(
    "SIGNALMAN_BEHIND_PROXY",
    parsers.flag,
    False,
    "Whether to trust the headers of a proxy. Turn it on only behind a proxy that sets\n"
    "X-Forwarded-Proto itself and appends the client's address to X-Forwarded-For.",
)
HSTS_SECONDS: Final = Variable[int | None](
    "SIGNALMAN_HSTS_SECONDS",
    parsers.whole_number(),
    None,
    "Seconds for which browsers use only https for this host (HSTS). By default a year with\n"
    "SIGNALMAN_HTTPS, and 0 without.",
    "31536000",
)
HSTS_SUBDOMAINS: Final = Variable(
    "SIGNALMAN_HSTS_SUBDOMAINS",
    parsers.flag,
    True,
    "Whether HSTS also applies to every subdomain of this host.",
)
HSTS_PRELOAD: Final = Variable(
    "SIGNALMAN_HSTS_PRELOAD",
    parsers.flag,
    False,
    "Whether browsers may include this host in their HSTS preload list. Removal from the list\n"
    "takes months.",
)
WEB_ROLE: Final = Variable(
    "SIGNALMAN_WEB_ROLE",
    parsers.choice("all", "portal", "receiver"),
    "all",
    "What a web process serves: `all`, `portal` (the portal and the API) or `receiver` (upstream\n"
    "requests). With separate processes, you can scale the portal and the receiver\n"
    "independently.",
)
WEB_THREADS: Final = Variable(
    "SIGNALMAN_WEB_THREADS",
    parsers.whole_number(1),
    4,
    "Number of portal and API requests that each web process handles at once. Handlers of\n"
    "upstream requests use SIGNALMAN_RECEIVER_THREADS.",
)
WEB_BODY_BYTES: Final = Variable(
    "SIGNALMAN_WEB_BODY_BYTES",
    parsers.whole_number(1),
    2_621_440,
    "Maximum size of the body of a portal or API request, in bytes.",
)
WEB_BODY_SECONDS: Final = Variable(
    "SIGNALMAN_WEB_BODY_SECONDS",
    parsers.positive_number,
    30.0,
    "Maximum time in seconds in which the body of a portal or API request must arrive.",
)
DEBUG: Final = Variable(
    "SIGNALMAN_DEBUG", parsers.flag, False, "Django's debug mode. Never turn it on in production."
)
LOG_LEVEL: Final = Variable(
    "SIGNALMAN_LOG_LEVEL",
    parsers.choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    "INFO",
    "The lowest level of the messages that are logged.",
)
LOG_FORMAT: Final = Variable(
    "SIGNALMAN_LOG_FORMAT",
    parsers.choice("text", "json"),
    "text",
    "The format of log lines: `text` for people, `json` (one object a line) for log collectors.",
)
APPS: Final = Variable[list[str]](
    "SIGNALMAN_APPS",
    parsers.apps,
    [],
    "Your Django apps, separated by commas. Signalman imports the hubs.py of each app and serves\n"
    "the URLs of its urls.py, if it has one.",
)
