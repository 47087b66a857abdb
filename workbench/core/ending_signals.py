"""The signals by which a person, a closed terminal or the system ask a program to end."""

import signal

# Windows knows no SIGHUP.
_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def ending_signals() -> list[signal.Signals]:
    """Without those that whoever started the program has it ignore: hang-ups under nohup, Ctrl+C behind `&`."""
    return [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
