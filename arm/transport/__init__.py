"""How requests reach Azure: credential, HTTP pipeline, raw answers, translated errors."""
