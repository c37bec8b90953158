"""Local Azure on the network: TLS, host names, the proxy, and the log of requests."""
