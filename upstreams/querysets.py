"""The questions that other rooms ask of templates and deliveries."""
