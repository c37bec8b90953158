"""How long the portal's lists take, of a small fleet and of a large one."""
