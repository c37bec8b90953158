"""The directory of the home tenant: its objects, their principals, and Microsoft Graph."""
