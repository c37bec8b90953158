"""Function Apps, Web Apps, their slots and plans in Resource Manager (Microsoft.Web)."""
