"""Interactive sign-in of users: the authorize endpoint, its pages and its codes."""
