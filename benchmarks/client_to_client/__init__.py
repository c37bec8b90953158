"""Messages from client to client: service, receiver, handler, REST API, service."""
