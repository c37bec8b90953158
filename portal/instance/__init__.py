"""The pages of one instance, one module for each tab."""
