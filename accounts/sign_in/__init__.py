"""Sign-in with Microsoft Entra, beside accounts with a password."""
