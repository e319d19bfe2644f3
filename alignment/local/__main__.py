"""Command line of the local servers: `python -m alignment.local ACTION`.

run              everything, until Ctrl-C
services         PostgreSQL and Redis in the background; prints their addresses
stop             ends them, and a `run` of this folder
status           which of them run
discard          ends them and deletes their data
using COMMAND    a command on these servers, started for it if need be
with COMMAND     a command on throw-away servers
"""

import sys
from collections.abc import Sequence

from alignment.local import run, servers
from alignment.local.processes import LocalError


def print_addresses() -> None:
    """Start the servers and print what to put into the environment."""
    for key, value in servers.start().variables().items():
        print(f"{key}={value}")


def print_stopped() -> None:
    """End everything of this folder and say what that was."""
    names = run.stop()
    print(f"Stopped {', '.join(names)}." if names else "Nothing was running.")


def print_status() -> None:
    """Say which servers run."""
    running = servers.status()
    for name in servers.VARIABLES:
        print(f"{name}: {f'running (process {running[name].pid})' if name in running else 'stopped'}")


ACTIONS = {"services": print_addresses, "stop": print_stopped, "status": print_status, "discard": servers.discard}


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks."""
    match list(arguments):
        case ["run"]:
            return run.run()
        case ["using", *command] if command:
            return run.run_using(command)
        case ["with", *command] if command:
            with servers.throwaway() as pair:
                return run.run_command(command, pair)
        case [action] if action in ACTIONS:
            ACTIONS[action]()
            return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (LocalError, OSError) as error:
        sys.exit(f"alignment: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
