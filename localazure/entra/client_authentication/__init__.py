"""Authentication of clients at the token endpoint: secrets, certificates, federated tokens."""
