"""The pages of one instance: a module or package for each tab."""
