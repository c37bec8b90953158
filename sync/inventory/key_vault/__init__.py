"""Key vaults that URL templates reference: vaults, grants and secrets, from Azure to rows."""
