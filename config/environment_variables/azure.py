"""Azure, and Signalman's credential for it."""

from __future__ import annotations

from typing import Final

from config.environment_variables import parsers
from config.environment_variables.variable import External, Variable

AZURE_TENANT_ID: Final = External(
    "AZURE_TENANT_ID",
    "Tenant of the app registration that Signalman uses as its credential. See azure-identity's\n"
    "DefaultAzureCredential.",
)
AZURE_CLIENT_ID: Final = External(
    "AZURE_CLIENT_ID", "Client ID of that app registration, or of a user-assigned managed identity."
)
AZURE_CLIENT_SECRET: Final = External(
    "AZURE_CLIENT_SECRET",
    "Client secret of that app registration. Leave it unset for a managed identity.",
)
AUTHORITY_HOST: Final = Variable(
    "AZURE_AUTHORITY_HOST",
    parsers.https_origin,
    "https://login.microsoftonline.com",
    "URL of Microsoft Entra. National clouds and Local Azure have their own.",
)
ARM_ENDPOINT: Final = Variable(
    "SIGNALMAN_ARM_ENDPOINT",
    parsers.https_origin,
    "https://management.azure.com",
    "URL of Azure Resource Manager. National clouds and Local Azure have their own.",
)
ARM_SCOPE: Final = Variable(
    "SIGNALMAN_ARM_SCOPE",
    parsers.required_text,
    "https://management.azure.com/.default",
    "Scope of the access tokens for Azure Resource Manager.",
)
GRAPH_ENDPOINT: Final = Variable(
    "SIGNALMAN_GRAPH_ENDPOINT",
    parsers.https_origin,
    "https://graph.microsoft.com",
    "URL of Microsoft Graph, from which Signalman reads the tenant's applications.",
)
GRAPH_SCOPE: Final = Variable(
    "SIGNALMAN_GRAPH_SCOPE",
    parsers.required_text,
    "https://graph.microsoft.com/.default",
    "Scope of the access tokens for Microsoft Graph.",
)
INSTANCE_DISCOVERY: Final = Variable(
    "SIGNALMAN_INSTANCE_DISCOVERY",
    parsers.flag,
    True,
    "Whether azure-identity asks Microsoft to validate AZURE_AUTHORITY_HOST. Turn it off only if\n"
    "the host is not one of Microsoft's.",
)
AZURE_NAME: Final = Variable(
    "SIGNALMAN_AZURE_NAME",
    parsers.text,
    "Azure",
    "Name of the cloud, shown in the corner of the portal.",
)
AZURE_PORTAL: Final = Variable(
    "SIGNALMAN_AZURE_PORTAL",
    parsers.optional_url,
    "https://portal.azure.com",
    "URL of the Azure portal, to which pages link. Empty for no links.",
)
POLL_SECONDS: Final = Variable(
    "SIGNALMAN_POLL_SECONDS",
    parsers.positive_number,
    10.0,
    "Seconds between two polls of a long-running operation, if Azure sends no Retry-After.",
)
WRITE_BURST: Final = Variable(
    "SIGNALMAN_WRITE_BURST",
    parsers.whole_number(1),
    150,
    "Number of writes that Signalman may send to a subscription at once. Azure Resource Manager\n"
    "allows 200.",
)
WRITES_PER_SECOND: Final = Variable(
    "SIGNALMAN_WRITES_PER_SECOND",
    parsers.positive_number,
    10.0,
    "Number of further writes to a subscription each second. Azure Resource Manager allows 10.",
)
READ_BURST: Final = Variable(
    "SIGNALMAN_READ_BURST",
    parsers.whole_number(1),
    200,
    "Number of reads that Signalman may send to a subscription at once, including one for each\n"
    "write. Polls use the others. Azure Resource Manager allows 250.",
)
READS_PER_SECOND: Final = Variable(
    "SIGNALMAN_READS_PER_SECOND",
    parsers.positive_number,
    25.0,
    "Number of further reads of a subscription each second. Azure Resource Manager allows 25.",
)
REFRESH_SECONDS: Final = Variable(
    "SIGNALMAN_REFRESH_SECONDS",
    parsers.positive_number,
    300.0,
    "Interval in seconds at which all instances are read and compared with the desired state.\n"
    "Instances with the policy `pause` are skipped.",
)
REFRESH_JITTER_SECONDS: Final = Variable(
    "SIGNALMAN_REFRESH_JITTER_SECONDS",
    parsers.non_negative_number,
    30.0,
    "Seconds over which the reads of several subscriptions are spread.",
)
SECRETS_SECONDS: Final = Variable(
    "SIGNALMAN_SECRETS_SECONDS",
    parsers.positive_number,
    1800.0,
    "Interval in seconds at which Signalman checks that the secrets in URL templates exist.\n"
    "Azure SignalR Service reads them every 30 minutes.",
)
