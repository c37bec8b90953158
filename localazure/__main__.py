"""`python -m localazure`: run Local Azure, or print the environment that points at it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from localazure import seed, seed_loader
from localazure.app import application
from localazure.environment import default_ca_file, export_lines
from localazure.service.endpoint import ServiceEndpoint
from localazure.serving.middleware import Wire
from localazure.serving.proxy import Proxy
from localazure.serving.server import (
    Server,
    collect_garbage_less_often,
    listen,
    raise_open_files_limit,
)
from localazure.serving.tls import CertificateAuthority
from localazure.storage import Saving, StateError, StateFile
from localazure.world import World

DEFAULT_PORT = 8443
_DESCRIPTION = (
    "Run Local Azure, or print the environment variables that point Signalman, azure-identity and "
    "az at it."
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return _print_environment(options) if options.command == "env" else _serve(options)
    except (OSError, StateError) as error:
        task = "print the environment" if options.command == "env" else "start"
        sys.stderr.write(f"Local Azure cannot {task}: {error}\n")
        return 1


def _print_environment(options: argparse.Namespace) -> int:
    ca_file = options.ca_file or default_ca_file(options.port)
    sys.stdout.write(export_lines(options.port, ca_file, options.client_port) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localazure", description=_DESCRIPTION)
    parser.add_argument(
        "command",
        nargs="?",
        choices=("serve", "env"),
        default="serve",
        help="serve (the default) runs Local Azure in the foreground; env prints the variables as "
        "export lines for a shell",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        help="port to listen on, %(default)s by default; 0 selects a free port",
    )
    parser.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="file to write the certificate of the certificate authority (CA) to",
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="file that keeps the state between runs"
    )
    parser.add_argument("--empty", action="store_true", help="start without the built-in instances")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="exit when standard input is closed"
    )
    parser.add_argument(
        "--proxy-port",
        type=int,
        metavar="PORT",
        help="port of a proxy, for HTTPS_PROXY, that connects Azure's host names to Local Azure",
    )
    parser.add_argument(
        "--instance-port",
        type=_instance_port,
        action="append",
        default=[],
        metavar="NAME=PORT",
        help="additional port for the data plane of one instance; can be repeated",
    )
    parser.add_argument(
        "--client-port",
        type=int,
        metavar="PORT",
        help="additional port without TLS for browser clients, which do not trust the CA",
    )
    return parser


def _instance_port(text: str) -> tuple[str, int]:
    name, _, port = text.partition("=")
    if not name or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} does not have the form NAME=PORT")
    return name, int(port)


def _serve(options: argparse.Namespace) -> int:
    raise_open_files_limit()
    listener = listen(options.port)
    ports = {own: name for name, own in options.instance_port}
    listeners = [listener, *(listen(own) for own in ports)]
    port = listener.getsockname()[1]
    world = World(f"https://localhost:{port}")
    load = _seed_loader(empty=options.empty)
    file = StateFile(options.state) if options.state else None
    authority = _restored(file, world, load)
    authority.write(options.ca_file or default_ca_file(port))
    server = Server(
        authority.server_context(),
        lambda: print(f"Local Azure ready at {world.base_url}", flush=True),  # noqa: T201
        None if options.client_port is None else listen(options.client_port),
    )
    app = application(world, load)
    saved = Saving(app, file, world, authority) if file else app
    service = ServiceEndpoint(saved, world, ports, server.abort)
    server.serve_application(Wire(service, world, server.abort))
    if options.proxy_port is not None:
        Proxy(options.proxy_port, port).start()
    if options.until_stdin_closes:
        server.stop_with_stdin()
    collect_garbage_less_often()
    server.run(sockets=listeners)
    return 0


def _restored(
    file: StateFile | None, world: World, load: Callable[[World], None]
) -> CertificateAuthority:
    """Restore the world from the state file, or load the seed; return the CA to use."""
    state = file.load() if file else None
    if file and state:
        try:
            world.restore(state["world"])
        except (KeyError, TypeError) as error:
            raise StateError(
                f"another version of Local Azure wrote {file.path} ({error!r}). Remove the file."
            ) from error
        return CertificateAuthority.from_json(state["authority"])
    load(world)
    authority = CertificateAuthority()
    if file:
        file.save(world, authority)
    return authority


def _seed_loader(*, empty: bool) -> Callable[[World], None]:
    def load(world: World) -> None:
        seed_loader.load_seed(world, seed.foundation())
        if not empty:
            seed_loader.load_seed(world, seed.fleet())

    return load


if __name__ == "__main__":
    sys.exit(main())
