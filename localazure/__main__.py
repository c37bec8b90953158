"""`python -m localazure`: run Local Azure, or print the environment that points at it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from localazure import seed, seeding
from localazure.app import application
from localazure.environment import default_ca_file, export_lines
from localazure.server import Server, listen
from localazure.tls import CertificateAuthority
from localazure.world import World

DEFAULT_PORT = 8443


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "env":
        ca_file = options.ca_file or default_ca_file(options.port)
        sys.stdout.write(export_lines(options.port, ca_file) + "\n")
        return 0
    return _serve(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localazure", description=__doc__)
    parser.add_argument(
        "command",
        nargs="?",
        choices=("serve", "env"),
        default="serve",
        help="serve (the default) runs in the foreground; env prints shell export lines",
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free port")
    parser.add_argument("--ca-file", type=Path, help="where the CA's certificate is written")
    parser.add_argument("--state", type=Path, help="remember everything in this file")
    parser.add_argument("--empty", action="store_true", help="start without the built-in fleet")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="end when standard input does"
    )
    return parser


def _serve(options: argparse.Namespace) -> int:
    listener = listen(options.port)
    port = listener.getsockname()[1]
    ca_file: Path = options.ca_file or default_ca_file(port)
    authority = CertificateAuthority()
    authority.write(ca_file)
    world = World(f"https://localhost:{port}")
    plant = _planter(empty=options.empty)
    plant(world)
    server = Server(
        authority.server_context(),
        lambda: print(f"Local Azure ready at {world.base_url}", flush=True),  # noqa: T201
    )
    server.serve_application(application(world, plant, server.abort))
    if options.until_stdin_closes:
        server.stop_with_stdin()
    server.run(sockets=[listener])
    return 0


def _planter(*, empty: bool) -> Callable[[World], None]:
    def plant(world: World) -> None:
        seeding.plant(world, seed.foundation())
        if not empty:
            seeding.plant(world, seed.fleet())

    return plant


if __name__ == "__main__":
    sys.exit(main())
