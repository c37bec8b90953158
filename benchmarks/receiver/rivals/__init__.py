"""The same endpoint as others would write it: check the token, answer the call `echo`.

Each reads from its environment: `AUTHORITY` (Entra's address), `TENANT`, `AUDIENCE`, `PRINCIPAL`.
"""
