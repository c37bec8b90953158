"""The one door to Azure: all that talks to Azure Resource Manager, and the values it speaks in.

Knows no Django. Azure's SDK models stop here; what leaves this package is made of frozen values.
"""
