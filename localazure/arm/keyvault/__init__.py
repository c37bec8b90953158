"""Azure Key Vault: vaults in Resource Manager, and secrets in the data plane."""
