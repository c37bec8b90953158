"""Local Azure: a stand-in for Microsoft Entra, Azure Resource Manager and the SignalR service.

A program of its own: `python -m localazure`. Knows neither Django nor Signalman.
"""
