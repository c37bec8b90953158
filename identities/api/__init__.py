"""The API of instances and identities."""
