"""Settings, read from the environment. `.env.example` lists and explains every variable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from celery.schedules import schedule
from django.templatetags.static import static

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# A relative one is relative to the project: every program of it uses the same.
DATA_DIR = BASE_DIR / env.str("SIGNALMAN_DATA_DIR", default="var")

# --- Django -----------------------------------------------------------------------------------

DEBUG = env.bool("SIGNALMAN_DEBUG", default=False)
# Empty means unset, and Django then refuses to sign anything: no built-in key to forget about.
SECRET_KEY = env.str("SIGNALMAN_SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("SIGNALMAN_ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("SIGNALMAN_CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "validation",
    "observability",
    "api",
    "accounts",
    "identities",
    "upstreams",
    "sync",
    "diagnosis",
    "portal",
    # The operator's own apps: their `hubs.py` is discovered as `admin.py` is.
    *env.list("SIGNALMAN_APPS", default=[]),
]

MIDDLEWARE = [
    "observability.request_ids.request_ids",
    "django.middleware.security.SecurityMiddleware",
    "portal.content_security_policy.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
# WhiteNoise warns of a folder that is not there.
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Lets the demo and a small installation serve static files without a collectstatic step.
WHITENOISE_USE_FINDERS = True

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Behind TLS -------------------------------------------------------------------------------

# Off for a portal on localhost; on for every other. `manage.py check --deploy` says so too.
HTTPS = env.bool("SIGNALMAN_HTTPS", default=False)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
# A probe or a scraper asks the process itself, in clear.
SECURE_REDIRECT_EXEMPT = ["^livez$", "^readyz$", "^metrics$"]
SECURE_HSTS_SECONDS = env.int("SIGNALMAN_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
if env.bool("SIGNALMAN_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# What a page may load and run: nothing, unless `portal.content_security_policy` has an exception.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        # A browser asks for an icon of every address.
        "img-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Database and cache -----------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db(
        "SIGNALMAN_DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'signalman.sqlite3'}"
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Without both WAL and IMMEDIATE, four concurrent writers meet "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("SIGNALMAN_DATABASE_CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

CACHES = {"default": env.cache("SIGNALMAN_CACHE_URL", default="locmemcache://")}

# --- API --------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    # A request without credentials is answered with the first one's challenge.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.PersonalTokenAuthentication",
        "accounts.authentication.ApplicationAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissions"],
    "DEFAULT_PAGINATION_CLASS": "api.pagination.CursorPages",
    "DEFAULT_FILTER_BACKENDS": [
        "api.filters.Filters",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_SCHEMA_CLASS": "api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "api.exceptions.handle_exception",
    # Whose word is taken for the address that asks: our own proxy's, and nobody else's.
    "NUM_PROXIES": 1 if env.bool("SIGNALMAN_BEHIND_PROXY", default=False) else 0,
}

API: dict[str, Any] = {
    # Whose access tokens of Microsoft Entra open the API, and for which audience. Without both,
    # personal access tokens and sessions do.
    "TENANT_ID": env.str("SIGNALMAN_API_TENANT_ID", default=""),
    "AUDIENCES": env.list("SIGNALMAN_API_AUDIENCES", default=[]),
    "ISSUER": env.str("SIGNALMAN_API_ISSUER", default="https://sts.windows.net/{tenant_id}/"),
    # The app roles of the API's registration in Entra, and which of our roles each is.
    "APP_ROLES": {
        "Fleet.Reader": "viewers",
        "Fleet.Operator": "operators",
        "Fleet.Admin": "administrators",
    },
    # Of each caller. Counted in the cache, so several processes share it only as they share that.
    "REQUESTS_A_MINUTE": env.int("SIGNALMAN_API_REQUESTS_A_MINUTE", default=600),
    # Credentials from one address that are refused, before no more of them are looked at.
    "REFUSALS_A_MINUTE": env.int("SIGNALMAN_API_REFUSALS_A_MINUTE", default=60),
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Signalman",
    "DESCRIPTION": (
        "Managed identities of Azure SignalR Service: what is wanted of each instance, what Azure "
        "has, and the work that makes them agree. Errors are problem details (RFC 9457)."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    # The schema is public.
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "PREPROCESSING_HOOKS": ["api.schema.only_the_api"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.examples.with_examples",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "CheckOutcomeEnum": ["pass", "fail", "not reached"],
        "DeliveryOutcomeEnum": "upstreams.models.Outcome",
        "FindingOutcomeEnum": ["pass", "fail", "unknown"],
        "FunctionAppPolicyEnum": "upstreams.models.FunctionApp.Policy",
        "InstancePolicyEnum": "identities.models.SignalRInstance.Policy",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Background work --------------------------------------------------------------------------

# The host means nothing to files, but Kombu warns where it has to guess one.
CELERY_BROKER_URL = env.str("SIGNALMAN_BROKER_URL", default="filesystem://localhost")
if CELERY_BROKER_URL.startswith("filesystem"):
    QUEUE_DIR = DATA_DIR / "queue"
    CELERY_BROKER_TRANSPORT = "config.file_queue:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_DIR / "messages"),
        "data_folder_out": str(QUEUE_DIR / "messages"),
        "control_folder": str(QUEUE_DIR / "control"),
    }
    for _folder in ("messages", "control"):
        (QUEUE_DIR / _folder).mkdir(parents=True, exist_ok=True)
# The Operation row is the record of what happened; the queue only wakes a worker.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "wake-due-operations": {
        "task": "sync.operations.tasks.wake_due_operations",
        "schedule": schedule(run_every=env.float("SIGNALMAN_TICK_SECONDS", default=5.0)),
    },
    "refresh-fleet": {
        "task": "sync.operations.tasks.refresh_fleet",
        "schedule": schedule(run_every=env.float("SIGNALMAN_REFRESH_SECONDS", default=300.0)),
    },
    "check-secrets": {
        "task": "sync.operations.tasks.check_secrets",
        "schedule": schedule(run_every=env.float("SIGNALMAN_SECRETS_SECONDS", default=1800.0)),
    },
    "expire": {"task": "sync.operations.tasks.expire", "schedule": schedule(run_every=3600.0)},
}

# --- Azure ------------------------------------------------------------------------------------

# Signalman's own credential is azure-identity's DefaultAzureCredential: AZURE_TENANT_ID,
# AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and the rest are its variables, not ours.
SIGNALMAN_ARM_ENDPOINT = env.str("SIGNALMAN_ARM_ENDPOINT", default="https://management.azure.com")
# What Signalman's own token is asked for; national clouds have their own.
SIGNALMAN_ARM_SCOPE = env.str(
    "SIGNALMAN_ARM_SCOPE", default="https://management.azure.com/.default"
)
# Where the tenant's applications are listed, to choose a resource from.
SIGNALMAN_GRAPH_ENDPOINT = env.str(
    "SIGNALMAN_GRAPH_ENDPOINT", default="https://graph.microsoft.com"
)
SIGNALMAN_GRAPH_SCOPE = env.str(
    "SIGNALMAN_GRAPH_SCOPE", default="https://graph.microsoft.com/.default"
)
SIGNALMAN_INSTANCE_DISCOVERY = env.bool("SIGNALMAN_INSTANCE_DISCOVERY", default=True)
# Which Azure this is, shown in the portal's corner.
SIGNALMAN_AZURE_NAME = env.str("SIGNALMAN_AZURE_NAME", default="Azure")
# Azure's own portal, which pages link to; national clouds have their own. Local Azure has none.
SIGNALMAN_AZURE_PORTAL = env.str("SIGNALMAN_AZURE_PORTAL", default="https://portal.azure.com")
# Told of each request to Azure.
SIGNALMAN_ARM_OBSERVER = "observability.observers.azure_called"
# Seconds between two polls of a long-running operation where Azure does not say. The SDK's is 30.
SIGNALMAN_POLL_SECONDS = env.float("SIGNALMAN_POLL_SECONDS", default=10.0)
# Seconds after which a worker that holds an operation is given up for dead. Longer than the slowest
# stage: a token, a read with its retries and a write, each at the end of its patience.
SIGNALMAN_LEASE_SECONDS = env.float("SIGNALMAN_LEASE_SECONDS", default=180.0)
# Writes to a subscription, and reads: so many at once, and so many more each second. ARM's budget
# is 200 and 10, and 250 and 25; what is left of it is for what arrives later than it was sent, and
# for what people ask for.
SIGNALMAN_WRITE_BURST = env.int("SIGNALMAN_WRITE_BURST", default=150)
SIGNALMAN_WRITES_PER_SECOND = env.float("SIGNALMAN_WRITES_PER_SECOND", default=10.0)
SIGNALMAN_READ_BURST = env.int("SIGNALMAN_READ_BURST", default=200)
SIGNALMAN_READS_PER_SECOND = env.float("SIGNALMAN_READS_PER_SECOND", default=25.0)
# Seconds over which the refreshes of many subscriptions are spread.
SIGNALMAN_REFRESH_JITTER_SECONDS = env.float("SIGNALMAN_REFRESH_JITTER_SECONDS", default=30.0)
# Days after which operations that ended, and counts of how the fleet stood, are deleted. What was
# done stays in the audit trail.
SIGNALMAN_OPERATION_DAYS = env.int("SIGNALMAN_OPERATION_DAYS", default=90)

# --- Tokens of upstream requests --------------------------------------------------------------

VALIDATION = {
    "AUTHORITY": env.str("AZURE_AUTHORITY_HOST", default="https://login.microsoftonline.com"),
    # The v1 issuer: the only one that the service's managed-identity tokens carry by default.
    "ISSUER": env.str("SIGNALMAN_TOKEN_ISSUER", default="https://sts.windows.net/{tenant_id}/"),
    "LEEWAY_SECONDS": env.int("SIGNALMAN_TOKEN_LEEWAY_SECONDS", default=60),
    # The least time between two readings of the signing keys that unknown key ids cause.
    "COOL_DOWN_SECONDS": env.float("SIGNALMAN_KEY_COOL_DOWN_SECONDS", default=300.0),
    # Hosts besides the authority's that signing keys may be read from.
    "KEY_HOSTS": env.list("SIGNALMAN_KEY_HOSTS", default=[]),
    "OBSERVER": "observability.observers.token_checked",
}

# --- Sign-in ----------------------------------------------------------------------------------

# The app registration with which people sign in, in the tenant whose people they are.
SIGN_IN = {
    "TENANT_ID": env.str("SIGNALMAN_SIGN_IN_TENANT_ID", default=""),
    "CLIENT_ID": env.str("SIGNALMAN_SIGN_IN_CLIENT_ID", default=""),
    "CLIENT_SECRET": env.str("SIGNALMAN_SIGN_IN_CLIENT_SECRET", default=""),
}
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "SCOPE": ["openid", "profile"],
        "APPS": [
            {
                "provider_id": "entra",
                "name": "Microsoft Entra",
                "client_id": SIGN_IN["CLIENT_ID"],
                "secret": SIGN_IN["CLIENT_SECRET"],
                "settings": {
                    "server_url": f"{VALIDATION['AUTHORITY']}/{SIGN_IN['TENANT_ID']}/v2.0",
                    # All that is needed is in the id token; `sub` differs for each application.
                    "fetch_userinfo": False,
                    "uid_field": "oid",
                },
            }
        ]
        if all(SIGN_IN.values())
        else [],
    }
}
SOCIALACCOUNT_ADAPTER = "accounts.sign_in.adapter.EntraAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
ACCOUNT_EMAIL_VERIFICATION = "none"
# Seconds after which somebody signs in anew. A role that Entra took away is lost at that moment.
SESSION_COOKIE_AGE = env.int("SIGNALMAN_SESSION_SECONDS", default=43_200)

# --- Web server ---------------------------------------------------------------------------------

# Requests of the portal and the API that each web process answers at once.
SIGNALMAN_WEB_THREADS = env.int("SIGNALMAN_WEB_THREADS", default=4)

# --- Receiver ---------------------------------------------------------------------------------

RECEIVER = {
    # Bytes. The service reads results of at most 16 MiB.
    "BODY_BYTES": env.int("SIGNALMAN_BODY_BYTES", default=1_048_576),
    "RESULT_BYTES": env.int("SIGNALMAN_RESULT_BYTES", default=1_048_576),
    # Seconds within which every process goes by a changed row.
    "POLICY_SECONDS": env.float("SIGNALMAN_POLICY_SECONDS", default=5.0),
    # Seconds for which it goes on by what it has read, while the database cannot be read.
    "POLICY_GRACE_SECONDS": env.float("SIGNALMAN_POLICY_GRACE_SECONDS", default=900.0),
    # Seconds for which deliveries wait in memory; 0: each is written before its answer is sent.
    "FLUSH_SECONDS": env.float("SIGNALMAN_FLUSH_SECONDS", default=1.0),
    # Rows kept for each instance and reason, in each process; every delivery is counted.
    "SAMPLES_A_MINUTE": env.int("SIGNALMAN_SAMPLES_A_MINUTE", default=60),
    # Days after which rows and counts are deleted.
    "DELIVERY_DAYS": env.int("SIGNALMAN_DELIVERY_DAYS", default=7),
    "COUNT_DAYS": env.int("SIGNALMAN_COUNT_DAYS", default=90),
    # Seconds for which the answers of idempotent handlers are kept for duplicates.
    "DUPLICATE_SECONDS": env.float("SIGNALMAN_DUPLICATE_SECONDS", default=300.0),
    # JSON, {"<instance>": ["<primary key>", "<secondary key>"]}, with mode 600: what the header
    # X-ASRS-Signature is checked with, for instances that demand it.
    "ACCESS_KEYS_FILE": env.str("SIGNALMAN_ACCESS_KEYS_FILE", default=""),
    # Upstream requests that each web process answers at once, at most: while a handler waits, for a
    # database or for another service, others go on.
    "THREADS": env.int("SIGNALMAN_RECEIVER_THREADS", default=8),
}

# --- Portal -----------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "Signalman",
    "SITE_HEADER": "Signalman",
    "SITE_SYMBOL": "traffic",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("portal/favicon.svg"),
        }
    ],
    # Blues of Tailwind's scale, with a 500 light enough to be read on a dark ground.
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(75% .14 253)",
            "500": "oklch(70.7% .165 254.624)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
    "STYLES": [
        lambda _request: static("portal/portal.css"),
        lambda _request: static("portal/changes.css"),
    ],
    "SCRIPTS": [
        lambda _request: static("portal/portal.js"),
        lambda _request: static("portal/names.js"),
    ],
    "ENVIRONMENT": "portal.navigation.environment",
    "DASHBOARD_CALLBACK": "portal.dashboard.dashboard",
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "portal.navigation.sidebar",
    },
}

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# --- Figures and health -----------------------------------------------------------------------

METRICS = {
    # Who may see /metrics: whoever sends this bearer token; or, where it is empty, whoever asks
    # from these networks without a proxy between.
    "TOKEN": env.str("SIGNALMAN_METRICS_TOKEN", default=""),
    "NETWORKS": env.list("SIGNALMAN_METRICS_NETWORKS", default=["127.0.0.0/8", "::1/128"]),
}
# Seconds since the last tick that a worker did, after which /readyz says that there is none.
SIGNALMAN_TICK_LIMIT_SECONDS = env.float("SIGNALMAN_TICK_LIMIT_SECONDS", default=60.0)
# Seconds for which each process keeps its counts to itself.
SIGNALMAN_FIGURES_SECONDS = env.float("SIGNALMAN_FIGURES_SECONDS", default=5.0)

# --- Logs -------------------------------------------------------------------------------------

# "text" for people, "json" for what collects logs: one object a line.
LOG_FORMAT = env.str("SIGNALMAN_LOG_FORMAT", default="text", choices=("text", "json"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "observability.logs.LineFormatter"},
        "json": {"()": "observability.logs.JsonFormatter"},
    },
    "filters": {"refusals": {"()": "upstreams.receiver.serving.logs.WithoutRefusals"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": env.str("SIGNALMAN_LOG_LEVEL", default="INFO")},
    "loggers": {
        # At INFO it writes every request's headers, one line each; ours are written by arm.
        "azure": {"level": "WARNING"},
        # It writes a line for every answer from 400 on; the receiver writes its own.
        "django.request": {"filters": ["refusals"]},
        # At INFO it writes two lines for each task, one of which comes every few seconds.
        "celery": {"level": "WARNING"},
        # It warns of a host that its filesystem transport has no need of.
        "kombu.connection": {"level": "ERROR"},
        # At DEBUG it writes addresses, and those of long-running operations are signed.
        "urllib3": {"level": "WARNING"},
    },
}
