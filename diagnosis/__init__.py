"""Reads every other room and says what does not agree, and how to fix it."""
