"""Authentication of callers: access keys, temporary keys, generated tokens and Entra."""
