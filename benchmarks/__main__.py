"""python -m benchmarks [NAME [ARGUMENTS...]]: run one benchmark, or all of them."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from collections.abc import Sequence

import benchmarks


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmark, or all; return 1 if one fails, 2 for an unknown name."""
    known = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.ispkg]
    if not arguments:
        return max([_run(name, ()) for name in known], default=0)
    name, *rest = arguments
    if name not in known:
        print(
            f"There is no benchmark {name!r}. Choose one of: {', '.join(known)}.", file=sys.stderr
        )
        return 2
    return _run(name, rest)


def _run(name: str, arguments: Sequence[str]) -> int:
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return 1 if subprocess.run(command, check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
