"""The transport over HTTP: requests of the REST API, connections, responses and their errors."""
