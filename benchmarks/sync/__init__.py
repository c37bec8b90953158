"""How import, plan, drift and apply grow with the number of instances."""
