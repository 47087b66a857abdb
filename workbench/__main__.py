"""The one entry point: the window without a command, the command line with one."""

import signal
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run and return the exit code: 0 done, 2 something the person can change, 1 a bug.

    The two sides are imported only here: the window must not wait for the command line's libraries.
    """
    is_program = arguments is None
    # Nothing is begun while modules are imported: until then, Ctrl+C ends the process without a word.
    if is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from workbench.core.standard_streams import lasting_streams, open_missing

    arguments = sys.argv[1:] if arguments is None else arguments
    open_missing()
    with lasting_streams():
        home = _home_of_window(arguments)
        if home is not None:
            from workbench.gui.app import open_window

            return open_window(home)
        from workbench.commands.application import run

        return run(arguments, is_last=is_program)


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
