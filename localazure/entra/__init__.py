"""Microsoft Entra: discovery, signing keys, tokens and the directory of one home tenant."""
