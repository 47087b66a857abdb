"""The one entry point: the window without a command, the command line with one."""

import signal
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run and return the exit code: 0 done, 2 something the person can change, 1 a bug.

    The two sides are imported only here: the window must not wait for the command line's libraries.
    """
    if arguments is None:
        arguments = sys.argv[1:]
        # Nothing is begun while modules are imported, nor left to do in the end: there, Ctrl+C ends the process
        # without a word.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    from workbench.core.standard_streams import open_missing

    open_missing()
    home = _home_of_window(arguments)
    if home is not None:
        from workbench.gui.app import open_window

        return open_window(home)
    from workbench.commands.application import run

    return run(arguments)


def _home_of_window(arguments: list[str]) -> str | None:
    """The --home of a call without a command ('' for the default); None if there is a command."""
    if not arguments:
        return ""
    if len(arguments) == 2 and arguments[0] == "--home":
        return arguments[1]
    if len(arguments) == 1 and arguments[0].startswith("--home="):
        return arguments[0].removeprefix("--home=")
    return None


if __name__ == "__main__":
    raise SystemExit(main())
