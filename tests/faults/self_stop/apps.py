"""The app's configuration."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

from django.apps import AppConfig

# In the portal's data folder. The process that stops removes it.
FLAG: Final = "stop-when-connected"


class SelfStopConfig(AppConfig):
    """Stops the process after a connection for a write was opened, while the file FLAG exists.

    No one outside the process could stop it just then: the check of the lease follows at once.
    """

    name = "tests.faults.self_stop"

    def ready(self) -> None:
        """Stop in the guarded connections."""
        from arm.transport import write_guard  # noqa: PLC0415  Only where the app is installed.

        flag = Path(os.environ["SIGNALMAN_DATA_DIR"]) / FLAG
        connection: type = write_guard._Connection  # noqa: SLF001
        usual = connection.connect  # type: ignore[attr-defined]

        def connect(self: object) -> None:
            usual(self)
            if write_guard._check.get() is not None and flag.exists():  # noqa: SLF001
                flag.unlink()
                os.kill(os.getpid(), signal.SIGSTOP)

        connection.connect = connect  # type: ignore[attr-defined]
