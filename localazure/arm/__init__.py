"""Azure Resource Manager: one resource provider a module, over a common store of resources."""
