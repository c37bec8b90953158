"""Cost of import, plan, drift and apply by the number of instances."""
