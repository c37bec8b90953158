"""Start-up time and memory of each process of a deployment, with a small and a large fleet."""
