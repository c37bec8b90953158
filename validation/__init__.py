"""Microsoft Entra access tokens: policy, signing keys, checks, and DRF authentication.

Knows no other room, so that it can be used alone in any Django REST framework project.
"""
