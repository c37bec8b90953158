"""The tokens that signed templates request: resource, version, and what data planes require."""
