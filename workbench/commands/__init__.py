"""Headless commands, one file a group. No Qt, and torch only inside the functions that compute.

Each group has `commands`, a typer application of its own that `application` joins. A command returns None or its
exit code and raises `UserError`; what it prints goes through `console`.
"""
