"""An app for SIGNALMAN_APPS that records what its process handles and decides.

One line of JSON each, appended to the file of SHAPE_WITNESS in one write: it survives SIGKILL.
"""

from __future__ import annotations
