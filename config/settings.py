"""Settings, read from the environment.

`config/environment_variables/` and `.env.example` explain each variable.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from celery.schedules import schedule
from dotenv import load_dotenv

from accounts.sign_in.configuration import provider_settings
from api.schema.settings import openapi_settings
from config.broker.settings import tls_settings, transport_settings
from config.database import database_settings, make_private_folder
from config.environment_variables import (
    VARIABLES,
    azure,
    metrics,
    receiver,
    rest_api,
    sender,
    sign_in,
    storage,
    upstream_tokens,
    web,
    worker,
)
from config.environment_variables.variable import Environment
from observability.logs.formats import logging_settings
from portal.theme import unfold_settings

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

# Into os.environ, which azure-identity reads, too.
load_dotenv(BASE_DIR / ".env", interpolate=False)
env = Environment(VARIABLES, os.environ)

# A relative path is relative to the project, so that all programs share the folder.
DATA_DIR = BASE_DIR / env[storage.DATA_DIR]

# --- Django -----------------------------------------------------------------------------------

DEBUG = env[web.DEBUG]
SECRET_KEY = env[web.SECRET_KEY]
ALLOWED_HOSTS = env[web.ALLOWED_HOSTS]
SIGNALMAN_RECEIVER_HOSTS = env[web.RECEIVER_HOSTS]
SIGNALMAN_PROBE_NETWORKS = env[web.PROBE_NETWORKS]
CSRF_TRUSTED_ORIGINS = env[web.CSRF_TRUSTED_ORIGINS]

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
    *env[web.APPS],
]
# Those apps: the `urls.py` of each is served as well.
SIGNALMAN_APPS = env[web.APPS]

MIDDLEWARE = [
    "observability.request_ids.request_ids",
    # Before what refuses requests, so that refusals have its header.
    "portal.content_security_policy.ContentSecurityPolicy",
    "config.serving.proxy.refuse_misrouted",
    # As above, but after what refuses requests that it would redirect.
    "django.middleware.security.SecurityMiddleware",
    "api.middleware.forbid_caching",
    "api.middleware.require_https",
    "api.middleware.require_final_slash",
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
# Whitenoise warns where the folder is missing; it serves from the apps then.
make_private_folder(STATIC_ROOT, is_required=False)
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

HTTPS = env[web.HTTPS]
BEHIND_PROXY = env[web.BEHIND_PROXY]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    # Browsers accept these from this host only, over https only, for every path.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SECURE_SSL_REDIRECT = HTTPS
# Probes and scrapers reach the process directly, without TLS. `require_https` refuses for the API.
SECURE_REDIRECT_EXEMPT = ["^livez$", "^readyz(/[a-z]+)?$", "^metrics$", "^api/"]
SECURE_HSTS_SECONDS = env[web.HSTS_SECONDS]
if SECURE_HSTS_SECONDS is None:
    SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and env[web.HSTS_SUBDOMAINS]
SECURE_HSTS_PRELOAD = HTTPS and env[web.HSTS_PRELOAD]
# The choice of subdomains and of preloading is the operator's: no warning about either.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# What a page may load and run: nothing, unless `portal.content_security_policy` has an exception.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        # Browsers request an icon for every page.
        "img-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Database and cache -----------------------------------------------------------------------

DATABASES = {"default": database_settings(env, DATA_DIR)}
CACHES = {"default": env[storage.CACHE_URL]}

# --- API --------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.BoundedJSONParser"],
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
    "DEFAULT_SCHEMA_CLASS": "api.schema.auto_schema.ApiSchema",
    "EXCEPTION_HANDLER": "api.exception_handler.handle_exception",
    # X-Forwarded-For is used only behind our own proxy, and only the entry that it added.
    "NUM_PROXIES": 1 if BEHIND_PROXY else 0,
}

API: dict[str, Any] = {
    "TENANT_ID": env[rest_api.API_TENANT_ID],
    "AUDIENCES": env[rest_api.API_AUDIENCES],
    "ISSUER": env[rest_api.API_ISSUER],
    "REQUESTS_A_MINUTE": env[rest_api.API_REQUESTS_A_MINUTE],
    "REFUSALS_A_MINUTE": env[rest_api.API_REFUSALS_A_MINUTE],
}

SPECTACULAR_SETTINGS = openapi_settings()

# --- Background work --------------------------------------------------------------------------

CELERY_BROKER_URL = env[worker.BROKER_URL]
CELERY_BROKER_TRANSPORT, CELERY_BROKER_TRANSPORT_OPTIONS = transport_settings(
    CELERY_BROKER_URL, DATA_DIR
)
CELERY_BROKER_USE_SSL = tls_settings(CELERY_BROKER_URL)
# The Operation row holds the result; the queue only starts a worker.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# By default a worker ends after the hundredth attempt: fifty minutes of an outage.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# For tasks that are acknowledged late, of which there are none. Unset, Celery warns.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "enqueue-due-operations": {
        "task": "sync.operations.tasks.enqueue_due_operations",
        "schedule": schedule(run_every=env[worker.SCHEDULE_SECONDS]),
    },
    "refresh-fleet": {
        "task": "sync.operations.tasks.refresh_fleet",
        "schedule": schedule(run_every=env[azure.REFRESH_SECONDS]),
    },
    # Instances that changed or were diagnosed some minutes ago.
    "diagnose-fleet": {
        "task": "diagnosis.tasks.diagnose_fleet",
        "schedule": schedule(run_every=60.0),
    },
    "check-secrets": {
        "task": "sync.operations.tasks.check_secrets",
        "schedule": schedule(run_every=env[azure.SECRETS_SECONDS]),
    },
    "expire": {"task": "sync.operations.tasks.expire", "schedule": schedule(run_every=3600.0)},
    # The message expires with the next one: a worker that was away runs it once.
    "delete-expired-deliveries": {
        "task": "upstreams.tasks.delete_expired",
        "schedule": schedule(run_every=60.0),
        "options": {"expires": 60},
    },
}

# --- Azure ------------------------------------------------------------------------------------

# Signalman's own credential is azure-identity's DefaultAzureCredential: AZURE_TENANT_ID,
# AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and the rest are its variables, not ours.
SIGNALMAN_ARM_ENDPOINT = env[azure.ARM_ENDPOINT]
SIGNALMAN_ARM_SCOPE = env[azure.ARM_SCOPE]
SIGNALMAN_GRAPH_ENDPOINT = env[azure.GRAPH_ENDPOINT]
SIGNALMAN_GRAPH_SCOPE = env[azure.GRAPH_SCOPE]
SIGNALMAN_INSTANCE_DISCOVERY = env[azure.INSTANCE_DISCOVERY]
SIGNALMAN_AZURE_NAME = env[azure.AZURE_NAME]
SIGNALMAN_AZURE_PORTAL = env[azure.AZURE_PORTAL]
# Called with each request to Azure.
SIGNALMAN_ARM_OBSERVER = "observability.azure_and_token_metrics.azure_called"
SIGNALMAN_POLL_SECONDS = env[azure.POLL_SECONDS]
SIGNALMAN_LEASE_SECONDS = env[worker.LEASE_SECONDS]
SIGNALMAN_WRITE_BURST = env[azure.WRITE_BURST]
SIGNALMAN_WRITES_PER_SECOND = env[azure.WRITES_PER_SECOND]
SIGNALMAN_READ_BURST = env[azure.READ_BURST]
SIGNALMAN_READS_PER_SECOND = env[azure.READS_PER_SECOND]
SIGNALMAN_REFRESH_JITTER_SECONDS = env[azure.REFRESH_JITTER_SECONDS]
SIGNALMAN_OPERATION_DAYS = env[worker.OPERATION_DAYS]

# --- Tokens of upstream requests --------------------------------------------------------------

VALIDATION = {
    "AUTHORITY": env[azure.AUTHORITY_HOST],
    "ISSUER": env[upstream_tokens.TOKEN_ISSUER],
    "LEEWAY_SECONDS": env[upstream_tokens.TOKEN_LEEWAY_SECONDS],
    "BACK_OFF_SECONDS": env[upstream_tokens.KEY_BACK_OFF_SECONDS],
    "KEY_HOSTS": env[upstream_tokens.KEY_HOSTS],
    "OBSERVER": "observability.azure_and_token_metrics.token_checked",
}

# --- Sign-in ----------------------------------------------------------------------------------

SIGN_IN = {
    "TENANT_ID": env[sign_in.SIGN_IN_TENANT_ID],
    "CLIENT_ID": env[sign_in.SIGN_IN_CLIENT_ID],
    "CLIENT_SECRET": env[sign_in.SIGN_IN_CLIENT_SECRET],
}
SOCIALACCOUNT_PROVIDERS = provider_settings(SIGN_IN, env[azure.AUTHORITY_HOST])
SOCIALACCOUNT_ADAPTER = "accounts.sign_in.adapter.EntraAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
ACCOUNT_EMAIL_VERIFICATION = "none"
SESSION_COOKIE_AGE = env[sign_in.SESSION_SECONDS]

# --- Web server ---------------------------------------------------------------------------------

SIGNALMAN_WEB_ROLE = env[web.WEB_ROLE]
SIGNALMAN_WEB_THREADS = env[web.WEB_THREADS]
SIGNALMAN_WEB_BODY_BYTES = env[web.WEB_BODY_BYTES]
SIGNALMAN_WEB_BODY_SECONDS = env[web.WEB_BODY_SECONDS]

# --- Receiver ---------------------------------------------------------------------------------

RECEIVER = {
    "BODY_BYTES": env[receiver.BODY_BYTES],
    "RESULT_BYTES": env[receiver.RESULT_BYTES],
    "BODY_SECONDS": env[receiver.BODY_SECONDS],
    "POLICY_SECONDS": env[receiver.POLICY_SECONDS],
    "POLICY_GRACE_SECONDS": env[receiver.POLICY_GRACE_SECONDS],
    "FLUSH_SECONDS": env[receiver.FLUSH_SECONDS],
    "SAMPLES_A_MINUTE": env[receiver.SAMPLES_A_MINUTE],
    "INSTANCE_SAMPLES_A_MINUTE": env[receiver.INSTANCE_SAMPLES_A_MINUTE],
    "PROCESS_SAMPLES_A_MINUTE": env[receiver.PROCESS_SAMPLES_A_MINUTE],
    "DELIVERY_DAYS": env[receiver.DELIVERY_DAYS],
    "COUNT_DAYS": env[receiver.COUNT_DAYS],
    "DUPLICATE_SECONDS": env[receiver.DUPLICATE_SECONDS],
    "ACCESS_KEYS_FILE": env[receiver.ACCESS_KEYS_FILE],
    "THREADS": env[receiver.RECEIVER_THREADS],
}

# --- Sender -----------------------------------------------------------------------------------

SENDER = {
    "SERVICE_ENDPOINT": env[sender.SERVICE_ENDPOINT],
    "CLIENT_ENDPOINT": env[sender.CLIENT_ENDPOINT],
    "SCOPE": env[sender.SERVICE_SCOPE],
    "CONNECTION_STRINGS_FILE": env[sender.CONNECTION_STRINGS_FILE],
    "DEFAULT_INSTANCE": env[sender.DEFAULT_INSTANCE],
    "PRINCIPAL_ID": env[sender.SENDER_PRINCIPAL_ID],
    "RETRIES": env[sender.SEND_RETRIES],
    "RETRY_SECONDS": env[sender.SEND_RETRY_SECONDS],
    "TIMEOUT_SECONDS": env[sender.SEND_SECONDS],
    "NEGOTIATIONS_A_MINUTE": env[sender.NEGOTIATIONS_A_MINUTE],
}

# --- Portal -----------------------------------------------------------------------------------

UNFOLD = unfold_settings()

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# --- Metrics and health -----------------------------------------------------------------------

METRICS: dict[str, Any] = {
    "TOKEN": env[metrics.METRICS_TOKEN],
    "NETWORKS": env[metrics.METRICS_NETWORKS],
    "INSTANCES": env[metrics.METRICS_INSTANCES],
}
SIGNALMAN_HEARTBEAT_LIMIT_SECONDS = env[worker.HEARTBEAT_LIMIT_SECONDS]
SIGNALMAN_METRICS_SECONDS = env[metrics.METRICS_SECONDS]

# --- Logs -------------------------------------------------------------------------------------

LOGGING = logging_settings(form=env[web.LOG_FORMAT], level=env[web.LOG_LEVEL])
