"""Every environment variable that Signalman reads, by sections of `.env.example`.

`config.env_example` makes that file from these modules.
"""

from __future__ import annotations

from typing import Any, Final

from config.environment_variables import (
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
from config.environment_variables.variable import External, Variable

Entry = Variable[Any] | External

SECTIONS: Final[dict[str, tuple[Entry, ...]]] = {
    "Required": (web.SECRET_KEY,),
    "Web": (
        web.ALLOWED_HOSTS,
        web.RECEIVER_HOSTS,
        web.PROBE_NETWORKS,
        web.CSRF_TRUSTED_ORIGINS,
        web.HTTPS,
        web.BEHIND_PROXY,
        web.HSTS_SECONDS,
        web.HSTS_SUBDOMAINS,
        web.HSTS_PRELOAD,
        web.WEB_ROLE,
        web.WEB_THREADS,
        web.WEB_BODY_BYTES,
        web.WEB_BODY_SECONDS,
        web.DEBUG,
        web.LOG_LEVEL,
        web.LOG_FORMAT,
        web.APPS,
    ),
    "Metrics and traces": (
        metrics.METRICS_TOKEN,
        metrics.METRICS_NETWORKS,
        metrics.METRICS_INSTANCES,
        metrics.METRICS_SECONDS,
        metrics.OTLP_ENDPOINT,
    ),
    "Storage and background work": (
        storage.DATA_DIR,
        storage.DATABASE_URL,
        storage.DATABASE_CONN_MAX_AGE,
        storage.DATABASE_CONNECT_SECONDS,
        storage.DATABASE_STATEMENT_SECONDS,
        storage.CACHE_URL,
        worker.BROKER_URL,
        worker.SCHEDULE_SECONDS,
        worker.HEARTBEAT_LIMIT_SECONDS,
    ),
    "Azure": (
        azure.AZURE_TENANT_ID,
        azure.AZURE_CLIENT_ID,
        azure.AZURE_CLIENT_SECRET,
        azure.AUTHORITY_HOST,
        azure.ARM_ENDPOINT,
        azure.ARM_SCOPE,
        azure.GRAPH_ENDPOINT,
        azure.GRAPH_SCOPE,
        azure.INSTANCE_DISCOVERY,
        azure.AZURE_NAME,
        azure.AZURE_PORTAL,
        azure.POLL_SECONDS,
        worker.LEASE_SECONDS,
        azure.WRITE_BURST,
        azure.WRITES_PER_SECOND,
        azure.READ_BURST,
        azure.READS_PER_SECOND,
        azure.REFRESH_SECONDS,
        azure.REFRESH_JITTER_SECONDS,
        azure.SECRETS_SECONDS,
        worker.OPERATION_DAYS,
    ),
    "Tokens of upstream requests": (
        upstream_tokens.TOKEN_ISSUER,
        upstream_tokens.TOKEN_LEEWAY_SECONDS,
        upstream_tokens.KEY_BACK_OFF_SECONDS,
        upstream_tokens.KEY_HOSTS,
    ),
    "Sign-in with Microsoft Entra": (
        sign_in.SIGN_IN_TENANT_ID,
        sign_in.SIGN_IN_CLIENT_ID,
        sign_in.SIGN_IN_CLIENT_SECRET,
        sign_in.SESSION_SECONDS,
    ),
    "API": (
        rest_api.API_TENANT_ID,
        rest_api.API_AUDIENCES,
        rest_api.API_ISSUER,
        rest_api.API_REQUESTS_A_MINUTE,
        rest_api.API_REFUSALS_A_MINUTE,
    ),
    "Receiver": (
        receiver.BODY_BYTES,
        receiver.RESULT_BYTES,
        receiver.BODY_SECONDS,
        receiver.POLICY_SECONDS,
        receiver.POLICY_GRACE_SECONDS,
        receiver.FLUSH_SECONDS,
        receiver.SAMPLES_A_MINUTE,
        receiver.INSTANCE_SAMPLES_A_MINUTE,
        receiver.PROCESS_SAMPLES_A_MINUTE,
        receiver.DELIVERY_DAYS,
        receiver.COUNT_DAYS,
        receiver.DUPLICATE_SECONDS,
        receiver.RECEIVER_THREADS,
        receiver.ACCESS_KEYS_FILE,
    ),
    "Sending to clients": (
        sender.SERVICE_ENDPOINT,
        sender.CLIENT_ENDPOINT,
        sender.SERVICE_SCOPE,
        sender.CONNECTION_STRINGS_FILE,
        sender.DEFAULT_INSTANCE,
        sender.SENDER_PRINCIPAL_ID,
        sender.SEND_RETRIES,
        sender.SEND_RETRY_SECONDS,
        sender.SEND_SECONDS,
        sender.NEGOTIATIONS_A_MINUTE,
    ),
}
VARIABLES: Final = tuple(
    entry for entries in SECTIONS.values() for entry in entries if isinstance(entry, Variable)
)
