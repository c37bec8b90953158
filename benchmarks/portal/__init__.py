"""Response times of the portal's lists for a small and a large fleet."""
