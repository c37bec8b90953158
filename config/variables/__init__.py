"""Every environment variable that Signalman reads, by sections of `.env.example`.

`config.env_example` makes that file from these modules.
"""

from __future__ import annotations

from typing import Any, Final

from config.environment import External, Variable
from config.variables import access, azure, process, sender

Entry = Variable[Any] | External

SECTIONS: Final[dict[str, tuple[Entry, ...]]] = {
    "Required": (process.SECRET_KEY,),
    "Web": (
        process.ALLOWED_HOSTS,
        process.RECEIVER_HOSTS,
        process.PROBE_NETWORKS,
        process.CSRF_TRUSTED_ORIGINS,
        process.HTTPS,
        process.BEHIND_PROXY,
        process.HSTS_SECONDS,
        process.HSTS_SUBDOMAINS,
        process.HSTS_PRELOAD,
        process.WEB_ROLE,
        process.WEB_THREADS,
        process.WEB_BODY_BYTES,
        process.WEB_BODY_SECONDS,
        process.DEBUG,
        process.LOG_LEVEL,
        process.LOG_FORMAT,
        process.APPS,
    ),
    "Metrics and traces": (
        process.METRICS_TOKEN,
        process.METRICS_NETWORKS,
        process.METRICS_SECONDS,
        process.OTLP_ENDPOINT,
    ),
    "Storage and background work": (
        process.DATA_DIR,
        process.DATABASE_URL,
        process.DATABASE_CONN_MAX_AGE,
        process.DATABASE_CONNECT_SECONDS,
        process.DATABASE_STATEMENT_SECONDS,
        process.CACHE_URL,
        process.BROKER_URL,
        process.TICK_SECONDS,
        process.TICK_LIMIT_SECONDS,
    ),
    "Azure: Signalman's own credential is azure-identity's DefaultAzureCredential": (
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
        azure.LEASE_SECONDS,
        azure.WRITE_BURST,
        azure.WRITES_PER_SECOND,
        azure.READ_BURST,
        azure.READS_PER_SECOND,
        azure.REFRESH_SECONDS,
        azure.REFRESH_JITTER_SECONDS,
        azure.SECRETS_SECONDS,
        azure.OPERATION_DAYS,
    ),
    "Tokens of upstream requests": (
        azure.TOKEN_ISSUER,
        azure.TOKEN_LEEWAY_SECONDS,
        azure.KEY_BACK_OFF_SECONDS,
        azure.KEY_HOSTS,
    ),
    "Sign-in with Microsoft Entra": (
        access.SIGN_IN_TENANT_ID,
        access.SIGN_IN_CLIENT_ID,
        access.SIGN_IN_CLIENT_SECRET,
        access.SESSION_SECONDS,
    ),
    "API": (
        access.API_TENANT_ID,
        access.API_AUDIENCES,
        access.API_ISSUER,
        access.API_REQUESTS_A_MINUTE,
        access.API_REFUSALS_A_MINUTE,
    ),
    "Receiver": (
        access.BODY_BYTES,
        access.RESULT_BYTES,
        access.BODY_SECONDS,
        access.POLICY_SECONDS,
        access.POLICY_GRACE_SECONDS,
        access.FLUSH_SECONDS,
        access.SAMPLES_A_MINUTE,
        access.DELIVERY_DAYS,
        access.COUNT_DAYS,
        access.DUPLICATE_SECONDS,
        access.RECEIVER_THREADS,
        access.ACCESS_KEYS_FILE,
    ),
    "Sending to clients": (
        sender.SERVICE_ENDPOINT,
        sender.CLIENT_ENDPOINT,
        sender.SERVICE_SCOPE,
        sender.CONNECTION_STRINGS_FILE,
        sender.DEFAULT_INSTANCE,
        sender.SEND_RETRIES,
        sender.SEND_RETRY_SECONDS,
        sender.SEND_SECONDS,
        sender.NEGOTIATIONS_A_MINUTE,
    ),
}
VARIABLES: Final = tuple(
    entry for entries in SECTIONS.values() for entry in entries if isinstance(entry, Variable)
)
