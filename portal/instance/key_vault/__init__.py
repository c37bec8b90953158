"""The tab of Key Vault references, grants and the receiver's URL secret."""
