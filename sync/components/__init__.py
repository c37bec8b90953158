"""The managed components of an instance, one module each. See `registry` for how to add one."""
