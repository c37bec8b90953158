"""The time to validate a token, compared with PyJWT and with the signature check alone."""
