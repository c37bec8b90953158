"""Traces of requests, of tasks and of calls to Azure."""
