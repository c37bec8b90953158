"""Checks of all settings that have to agree, and the token inspector."""
