"""A fleet written down in YAML files: what is wanted of each instance, exported and applied."""
