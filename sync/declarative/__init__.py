"""A fleet declared in YAML files: exporting, reading and applying the desired state."""
