"""Azure, and Signalman's credential for it."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import External, Variable

AZURE_TENANT_ID: Final = External("AZURE_TENANT_ID", "")
AZURE_CLIENT_ID: Final = External("AZURE_CLIENT_ID", "")
AZURE_CLIENT_SECRET: Final = External("AZURE_CLIENT_SECRET", "")
AUTHORITY_HOST: Final = Variable(
    "AZURE_AUTHORITY_HOST",
    env.https_origin,
    "https://login.microsoftonline.com",
    "Microsoft Entra. National clouds and Local Azure have their own.",
)
ARM_ENDPOINT: Final = Variable(
    "SIGNALMAN_ARM_ENDPOINT",
    env.https_origin,
    "https://management.azure.com",
    "Azure Resource Manager.",
)
ARM_SCOPE: Final = Variable(
    "SIGNALMAN_ARM_SCOPE",
    env.required_text,
    "https://management.azure.com/.default",
    "",
)
GRAPH_ENDPOINT: Final = Variable(
    "SIGNALMAN_GRAPH_ENDPOINT",
    env.https_origin,
    "https://graph.microsoft.com",
    "Microsoft Graph, which lists the tenant's applications.",
)
GRAPH_SCOPE: Final = Variable(
    "SIGNALMAN_GRAPH_SCOPE",
    env.required_text,
    "https://graph.microsoft.com/.default",
    "",
)
INSTANCE_DISCOVERY: Final = Variable(
    "SIGNALMAN_INSTANCE_DISCOVERY",
    env.flag,
    True,
    "Turn off only where the authority is not one of Microsoft's.",
)
AZURE_NAME: Final = Variable(
    "SIGNALMAN_AZURE_NAME", env.text, "Azure", "The name shown in the portal's corner."
)
AZURE_PORTAL: Final = Variable(
    "SIGNALMAN_AZURE_PORTAL",
    env.optional_url,
    "https://portal.azure.com",
    "The Azure portal, which pages link to; empty for no links.",
)
POLL_SECONDS: Final = Variable(
    "SIGNALMAN_POLL_SECONDS",
    env.positive_number,
    10.0,
    "Pause between two polls of a long-running operation where Azure sends no Retry-After.\n"
    "Seconds.",
)
WRITE_BURST: Final = Variable(
    "SIGNALMAN_WRITE_BURST",
    env.whole_number(1),
    150,
    "Writes to a subscription: this many at once, and this many more each second. ARM allows 200\n"
    "and 10, and for reads 250 and 25. Of the reads, one for each write is set aside, and polls\n"
    "share the others.",
)
WRITES_PER_SECOND: Final = Variable("SIGNALMAN_WRITES_PER_SECOND", env.positive_number, 10.0, "")
READ_BURST: Final = Variable("SIGNALMAN_READ_BURST", env.whole_number(1), 200, "")
READS_PER_SECOND: Final = Variable("SIGNALMAN_READS_PER_SECOND", env.positive_number, 25.0, "")
REFRESH_SECONDS: Final = Variable(
    "SIGNALMAN_REFRESH_SECONDS",
    env.positive_number,
    300.0,
    "How often the fleet is read and compared with the desired state; paused instances are\n"
    "skipped. Seconds.",
)
REFRESH_JITTER_SECONDS: Final = Variable(
    "SIGNALMAN_REFRESH_JITTER_SECONDS",
    env.non_negative_number,
    30.0,
    "The reads of many subscriptions are spread over this time. Seconds.",
)
SECRETS_SECONDS: Final = Variable(
    "SIGNALMAN_SECRETS_SECONDS",
    env.positive_number,
    1800.0,
    "How often the secrets named in URL templates are looked up; Azure reads them as often.\n"
    "Seconds.",
)
