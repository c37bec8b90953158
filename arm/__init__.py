"""The only Azure client: Resource Manager, Microsoft Graph and the values that they return.

Free of Django. The SDKs' models stay in this package, which returns frozen values.
"""
