"""What is fast, and how that was measured: `python -m benchmarks`."""
