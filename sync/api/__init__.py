"""The API of what is wanted, and of the work that writes it to Azure."""
