"""The web server, the portal and logs."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import Variable

SECRET_KEY: Final = Variable(
    "SIGNALMAN_SECRET_KEY",
    env.required_text,
    "",
    "Signs sessions and other values. Make one with\n"
    'python -c "import secrets; print(secrets.token_urlsafe(64))"',
)
ALLOWED_HOSTS: Final = Variable(
    "SIGNALMAN_ALLOWED_HOSTS",
    env.hosts,
    ["localhost", "127.0.0.1"],
    "Host names under which the portal, the API and the receiver are reached.",
)
RECEIVER_HOSTS: Final = Variable[list[str]](
    "SIGNALMAN_RECEIVER_HOSTS",
    env.hosts_with_ports,
    [],
    "Hosts at which Azure reaches this receiver, with the port where it is not 443 or 80:\n"
    "signalman.example.com, localhost:8000. A diagnosis treats any other host as another receiver.",
)
PROBE_NETWORKS: Final = Variable[list[str]](
    "SIGNALMAN_PROBE_NETWORKS",
    env.networks,
    [],
    "Networks that are not public, and that a diagnosis may still probe, because receivers\n"
    "are there: 10.1.0.0/16. Link-local and metadata addresses are never probed.",
)
CSRF_TRUSTED_ORIGINS: Final = Variable[list[str]](
    "SIGNALMAN_CSRF_TRUSTED_ORIGINS",
    env.origins,
    [],
    "Other origins that may post forms, with their scheme: https://signalman.example.com",
)
HTTPS: Final = Variable(
    "SIGNALMAN_HTTPS",
    env.flag,
    False,
    "Turn on for every portal that is not on localhost: secure cookies, redirect to https, HSTS.\n"
    "Behind a proxy, turn on SIGNALMAN_BEHIND_PROXY too. See docs/how-to/deploy/proxies.md.",
)
BEHIND_PROXY: Final = Variable(
    "SIGNALMAN_BEHIND_PROXY",
    env.flag,
    False,
    "Turn on only behind a proxy that sets X-Forwarded-Proto itself, removes the client's, and\n"
    "appends the client's address to X-Forwarded-For.",
)
HSTS_SECONDS: Final = Variable[int | None](
    "SIGNALMAN_HSTS_SECONDS",
    env.whole_number(),
    None,
    "How long browsers insist on https for this host. Seconds. Default: a year with\n"
    "SIGNALMAN_HTTPS, otherwise 0.",
    "31536000",
)
HSTS_SUBDOMAINS: Final = Variable(
    "SIGNALMAN_HSTS_SUBDOMAINS",
    env.flag,
    True,
    "Whether HSTS also applies to every subdomain of this host.",
)
HSTS_PRELOAD: Final = Variable(
    "SIGNALMAN_HSTS_PRELOAD",
    env.flag,
    False,
    "Whether browsers may put this host on their preload list, which is hard to undo.",
)
WEB_ROLE: Final = Variable(
    "SIGNALMAN_WEB_ROLE",
    env.choice("all", "portal", "receiver"),
    "all",
    "What a web process serves: all, portal (the portal and the API) or receiver (upstream\n"
    "requests only), so that processes of each kind can be scaled separately.",
)
WEB_THREADS: Final = Variable(
    "SIGNALMAN_WEB_THREADS",
    env.whole_number(1),
    4,
    "Portal and API requests that each web process handles at once; upstream requests have\n"
    "threads of their own.",
)
WEB_BODY_BYTES: Final = Variable(
    "SIGNALMAN_WEB_BODY_BYTES",
    env.whole_number(1),
    2_621_440,
    "Largest body of a portal or API request, and how long it may take to arrive. Bytes, seconds.",
)
WEB_BODY_SECONDS: Final = Variable("SIGNALMAN_WEB_BODY_SECONDS", env.positive_number, 30.0, "")
DEBUG: Final = Variable(
    "SIGNALMAN_DEBUG", env.flag, False, "Django's debug mode. Never in production."
)
LOG_LEVEL: Final = Variable(
    "SIGNALMAN_LOG_LEVEL",
    env.choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    "INFO",
    "DEBUG, INFO, WARNING, ERROR or CRITICAL.",
)
LOG_FORMAT: Final = Variable(
    "SIGNALMAN_LOG_FORMAT",
    env.choice("text", "json"),
    "text",
    "text for people, json (one object a line) for log collectors.",
)
APPS: Final = Variable[list[str]](
    "SIGNALMAN_APPS",
    env.apps,
    [],
    "Your Django apps, separated by commas. The hubs.py of each is discovered, and the URLs of\n"
    "its urls.py, if it has one, are served.",
)
