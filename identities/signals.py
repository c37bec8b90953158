"""What the portal's forms tell the rooms above: who changed what by hand.

Both are sent in the transaction of the change, with the `instance` and `who` by user name.
"""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# An instance's page was saved. `fields` holds the instance's own changed fields, each with its
# value before and after; `rows` each changed row around it, with the same of it.
instance_edited: Final = Signal()

# The instance was taken out of Signalman; in Azure it stays as it is.
instance_removed: Final = Signal()
