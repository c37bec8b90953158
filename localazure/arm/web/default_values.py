"""Default values of Microsoft.Web, as recorded in 2020 and 2023."""

from __future__ import annotations

from typing import Any

from localazure.arm.versions import ApiVersions

_FIRST_PREVIEW_OF_2023 = "2021-01-15"
_SITE_SINCE = (
    *("afdEnabled", "dnsConfiguration", "vnetRouteAllEnabled", "containerAllocationSubnet"),
    *("useContainerLocalhostBindings", "vnetImagePullEnabled", "vnetContentShareEnabled"),
    *("daprConfig", "slotName", "ipMode", "vnetBackupRestoreEnabled", "managedEnvironmentId"),
    *("endToEndEncryptionEnabled", "functionsRuntimeAdminIsolationEnabled"),
    *("publicNetworkAccess", "eligibleLogCategories", "inFlightFeatures"),
    *("storageAccountRequired", "virtualNetworkSubnetId", "keyVaultReferenceIdentity"),
    *("defaultHostNameScope", "privateLinkIdentifiers", "sshEnabled"),
)
_CONFIG_SINCE = (
    *("windowsConfiguredStacks", "publicNetworkAccess", "keyVaultReferenceIdentity"),
    *("ipSecurityRestrictionsDefaultAction", "scmIpSecurityRestrictionsDefaultAction"),
    *("minTlsCipherSuite", "supportedTlsCipherSuites", "elasticWebAppScaleLimit"),
    *("http20ProxyFlag", "sitePort", "antivirusScanEnabled", "storageType"),
    "sitePrivateLinkHostEnabled",
)
# App Service's own headers: it counts requests itself, and names no character set.
HEADERS = {
    "Content-Type": "application/json",
    "x-ms-ratelimit-remaining-subscription-resource-requests": "499",
}
ETAG = '"1D6C1667C3B3A60"'
PUBLISHED = (
    *("2015-08-01", "2016-03-01", "2016-08-01", "2018-02-01", "2018-11-01", "2019-08-01"),
    *("2020-06-01", "2020-09-01", "2020-10-01", "2020-12-01", "2021-01-01", "2021-01-15"),
    *("2021-02-01", "2021-03-01", "2022-03-01", "2022-09-01", "2023-01-01", "2023-12-01"),
    *("2024-04-01", "2024-11-01", "2025-03-01", "2025-05-01"),
)
API_VERSIONS = ApiVersions(
    PUBLISHED,
    since={
        **{f"properties.{name}": _FIRST_PREVIEW_OF_2023 for name in _SITE_SINCE},
        **{f"properties.siteConfig.{name}": _FIRST_PREVIEW_OF_2023 for name in _CONFIG_SINCE},
        **{
            f"properties.hostNameSslStates[].{name}": _FIRST_PREVIEW_OF_2023
            for name in ("virtualIPv6", "certificateResourceId")
        },
    },
)
# Of configurations every name is kept, as `publicNetworkAccess` is one of those above.
CONFIG_VERSIONS = ApiVersions(
    PUBLISHED,
    since={f"properties.{name}": _FIRST_PREVIEW_OF_2023 for name in _CONFIG_SINCE},
)

SITE_NULLS = (
    *("owner", "sslCertificates", "cers", "siteMode", "computeMode", "serverFarm"),
    *("containerAllocationSubnet", "useContainerLocalhostBindings", "daprConfig", "slotName"),
    *("trafficManagerHostNames", "targetSwapSlot", "hostingEnvironment"),
    *("hostingEnvironmentProfile", "clientCertExclusionPaths", "domainVerificationIdentifiers"),
    *("managedEnvironmentId", "suspendedTill", "functionExecutionUnitsCache"),
    *("maxNumberOfWorkers", "cloningInfo", "hostingEnvironmentId", "tags", "slotSwapStatus"),
    *("inProgressOperationId", "geoDistributions", "publicNetworkAccess", "buildVersion"),
    *("targetBuildVersion", "migrationState", "inFlightFeatures", "virtualNetworkSubnetId"),
    *("privateLinkIdentifiers", "sshEnabled"),
)
SITE_VALUES: dict[str, Any] = {
    "state": "Running",
    "usageState": "Normal",
    "enabled": True,
    "adminEnabled": True,
    "afdEnabled": False,
    "siteProperties": {
        "metadata": None,
        "properties": [
            {"name": "LinuxFxVersion", "value": ""},
            {"name": "WindowsFxVersion", "value": None},
        ],
        "appSettings": None,
    },
    "availabilityState": "Normal",
    "csrs": [],
    "reserved": False,
    "isXenon": False,
    "hyperV": False,
    "storageRecoveryDefaultState": "Running",
    "contentAvailabilityState": "Normal",
    "runtimeAvailabilityState": "Normal",
    "dnsConfiguration": {},
    "vnetRouteAllEnabled": False,
    "vnetImagePullEnabled": False,
    "vnetContentShareEnabled": False,
    "scmSiteAlsoStopped": False,
    "clientAffinityEnabled": True,
    "clientCertEnabled": False,
    "clientCertMode": "Required",
    "hostNamesDisabled": False,
    "ipMode": "IPv4",
    "vnetBackupRestoreEnabled": False,
    "containerSize": 0,
    "dailyMemoryTimeQuota": 0,
    "siteDisabledReason": 0,
    "httpsOnly": False,
    "endToEndEncryptionEnabled": False,
    "functionsRuntimeAdminIsolationEnabled": False,
    "redundancyMode": "None",
    "privateEndpointConnections": [],
    "eligibleLogCategories": (
        "AppServiceAppLogs,AppServiceAuditLogs,AppServiceConsoleLogs,AppServiceHTTPLogs,"
        "AppServiceIPSecAuditLogs,AppServicePlatformLogs,ScanLogs"
    ),
    "storageAccountRequired": False,
    "keyVaultReferenceIdentity": "SystemAssigned",
    "defaultHostNameScope": "Global",
}
# The part of its configuration that a site shows; the rest is under config/web.
SITE_CONFIG_NULLS = (
    *("defaultDocuments", "netFrameworkVersion", "phpVersion", "pythonVersion", "nodeVersion"),
    *("powerShellVersion", "windowsFxVersion", "windowsConfiguredStacks"),
    *("requestTracingEnabled", "remoteDebuggingEnabled", "remoteDebuggingVersion"),
    *("httpLoggingEnabled", "azureMonitorLogCategories", "acrUserManagedIdentityID"),
    *("logsDirectorySizeLimit", "detailedErrorLoggingEnabled", "publishingUsername"),
    *("publishingPassword", "appSettings", "metadata", "connectionStrings", "machineKey"),
    *("handlerMappings", "documentRoot", "scmType", "use32BitWorkerProcess"),
    *("webSocketsEnabled", "javaVersion", "javaContainer", "javaContainerVersion"),
    *("appCommandLine", "managedPipelineMode", "virtualApplications", "winAuthAdminState"),
    *("winAuthTenantState", "customAppPoolIdentityAdminState"),
    *("customAppPoolIdentityTenantState", "runtimeADUser", "runtimeADUserPassword"),
    *("loadBalancing", "routingRules", "experiments", "limits", "autoHealEnabled"),
    *("autoHealRules", "tracingOptions", "vnetName", "vnetRouteAllEnabled"),
    *("vnetPrivatePortsCount", "publicNetworkAccess", "cors", "push", "apiDefinition"),
    *("apiManagementConfig", "autoSwapSlotName", "localMySqlEnabled"),
    *("managedServiceIdentityId", "xManagedServiceIdentityId", "keyVaultReferenceIdentity"),
    *("ipSecurityRestrictions", "ipSecurityRestrictionsDefaultAction"),
    *("scmIpSecurityRestrictions", "scmIpSecurityRestrictionsDefaultAction"),
    *("scmIpSecurityRestrictionsUseMain", "minTlsVersion", "minTlsCipherSuite"),
    *("supportedTlsCipherSuites", "scmMinTlsVersion", "ftpsState", "preWarmedInstanceCount"),
    *("functionAppScaleLimit", "healthCheckPath", "fileChangeAuditEnabled"),
    *("functionsRuntimeScaleMonitoringEnabled", "websiteTimeZone", "azureStorageAccounts"),
    *("http20ProxyFlag", "sitePort", "antivirusScanEnabled", "storageType"),
    "sitePrivateLinkHostEnabled",
)
SITE_CONFIG_VALUES: dict[str, Any] = {
    "acrUseManagedIdentityCreds": False,
    "elasticWebAppScaleLimit": 0,
    "minimumElasticInstanceCount": 0,
}
# These three were null until 2021.
SITE_CONFIG_SINCE_2021: dict[str, Any] = {
    "numberOfWorkers": 1,
    "linuxFxVersion": "",
    "alwaysOn": False,
    "http20Enabled": False,
}
CONFIG_NULLS = (
    *("windowsFxVersion", "azureMonitorLogCategories", "acrUserManagedIdentityID"),
    *("remoteDebuggingVersion", "publishingPassword", "appSettings", "metadata"),
    *("connectionStrings", "machineKey", "handlerMappings", "documentRoot", "javaVersion"),
    *("javaContainer", "javaContainerVersion", "runtimeADUser", "runtimeADUserPassword"),
    *("limits", "autoHealRules", "tracingOptions", "cors", "push", "apiDefinition"),
    *("apiManagementConfig", "autoSwapSlotName", "managedServiceIdentityId"),
    *("xManagedServiceIdentityId", "healthCheckPath", "websiteTimeZone"),
)
CONFIG_VALUES: dict[str, Any] = {
    "numberOfWorkers": 1,
    "defaultDocuments": [
        *("Default.htm", "Default.html", "Default.asp", "index.htm", "index.html"),
        *("iisstart.htm", "default.aspx", "index.php", "hostingstart.html"),
    ],
    "netFrameworkVersion": "v4.0",
    "phpVersion": "5.6",
    "pythonVersion": "",
    "nodeVersion": "",
    "powerShellVersion": "",
    "linuxFxVersion": "",
    "requestTracingEnabled": False,
    "remoteDebuggingEnabled": False,
    "httpLoggingEnabled": False,
    "acrUseManagedIdentityCreds": False,
    "logsDirectorySizeLimit": 35,
    "detailedErrorLoggingEnabled": False,
    "azureStorageAccounts": {},
    "scmType": "None",
    "use32BitWorkerProcess": True,
    "webSocketsEnabled": False,
    "alwaysOn": False,
    "appCommandLine": "",
    "managedPipelineMode": "Integrated",
    "virtualApplications": [
        {
            "virtualPath": "/",
            "physicalPath": "site\\wwwroot",
            "preloadEnabled": False,
            "virtualDirectories": None,
        }
    ],
    "winAuthAdminState": 0,
    "winAuthTenantState": 0,
    "customAppPoolIdentityAdminState": False,
    "customAppPoolIdentityTenantState": False,
    "loadBalancing": "LeastRequests",
    "routingRules": [],
    "experiments": {"rampUpRules": []},
    "autoHealEnabled": False,
    "vnetName": "",
    "vnetRouteAllEnabled": False,
    "vnetPrivatePortsCount": 0,
    "siteAuthEnabled": False,
    "localMySqlEnabled": False,
    "scmIpSecurityRestrictionsUseMain": False,
    "http20Enabled": False,
    "minTlsVersion": "1.2",
    "scmMinTlsVersion": "1.0",
    "ftpsState": "AllAllowed",
    "preWarmedInstanceCount": 0,
    "functionAppScaleLimit": 0,
    "fileChangeAuditEnabled": False,
    "functionsRuntimeScaleMonitoringEnabled": False,
    "minimumElasticInstanceCount": 0,
}
# The classic authentication settings, in their order, without `enabled` and `configVersion`.
CLASSIC_NULLS = (
    *("unauthenticatedClientAction", "tokenStoreEnabled", "allowedExternalRedirectUrls"),
    *("defaultProvider", "clientId", "clientSecret", "clientSecretSettingName"),
    *("clientSecretCertificateThumbprint", "issuer", "allowedAudiences"),
    *("additionalLoginParams", "isAadAutoProvisioned", "aadClaimsAuthorization"),
    *("googleClientId", "googleClientSecret", "googleClientSecretSettingName"),
    *("googleOAuthScopes", "facebookAppId", "facebookAppSecret", "facebookAppSecretSettingName"),
    *("facebookOAuthScopes", "gitHubClientId", "gitHubClientSecret"),
    *("gitHubClientSecretSettingName", "gitHubOAuthScopes", "twitterConsumerKey"),
    *("twitterConsumerSecret", "twitterConsumerSecretSettingName", "microsoftAccountClientId"),
    *("microsoftAccountClientSecret", "microsoftAccountClientSecretSettingName"),
    "microsoftAccountOAuthScopes",
)
# Display names of the locations that recordings have; others are shown as they are written.
LOCATIONS = {
    "eastus": "East US",
    "eastus2": "East US 2",
    "westus": "West US",
    "westus2": "West US 2",
    "centralus": "Central US",
    "northeurope": "North Europe",
    "westeurope": "West Europe",
    "southeastasia": "Southeast Asia",
    "uksouth": "UK South",
}
