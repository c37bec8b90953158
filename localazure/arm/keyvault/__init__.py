"""Azure Key Vault (Microsoft.KeyVault/vaults): management, and the secrets of the data plane."""
