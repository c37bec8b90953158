"""How people sign in with Microsoft Entra, beside accounts with a password."""
