"""Function Apps, Web Apps and their slots: calls to Azure, and the values that they return."""
