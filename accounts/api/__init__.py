"""The API of accounts: personal access tokens and who calls."""
