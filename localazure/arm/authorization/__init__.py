"""Role assignments, role definitions and permissions (Microsoft.Authorization).

An assignment takes effect at once; in Azure it may take up to ten minutes.
"""
