"""What the commands' exit codes say to scripts; 0 is done or nothing to do, 1 an error."""

from __future__ import annotations

from typing import Final

# Something is to be applied, or is being applied and has not ended.
CHANGES_PENDING: Final = 2
