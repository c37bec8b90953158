"""Who calls the service: access keys, temporary keys, generated tokens and Entra."""
