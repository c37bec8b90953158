"""An app with the handler that the benchmark calls."""
