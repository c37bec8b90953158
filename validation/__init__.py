"""Microsoft Entra access tokens: policy, signing keys, checks, and DRF authentication.

Imports no other package of Signalman, so that any Django REST framework project can use it.
"""
