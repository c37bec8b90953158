"""Asynchronous operations: their progress, and the responses that start and poll them."""
