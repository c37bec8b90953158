"""Layers between the web server and Django: refusals, probes, and threads for Django."""
