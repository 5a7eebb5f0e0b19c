"""What can go wrong, sorted by who can mend it; the command line maps these to exit codes."""


class PrivsynthError(Exception):
    """Base of every error this package raises on purpose; its text never quotes a table cell."""

    exit_code = 2


class InputError(PrivsynthError):
    """Something the user can mend: a file, a column, a name, an option. Exit code 2."""


class PolicyError(InputError):
    """A policy that cannot be enforced as it is written. Exit code 2."""


class BudgetError(InputError):
    """A privacy budget that does not afford what was asked; nothing was drawn. Exit code 2."""


class IntegrityError(PrivsynthError):
    """A record that is not what it says: digest, schema version, missing file. Exit code 3."""

    exit_code = 3


def nearest_name(name: str, known: "list[str] | tuple[str, ...]") -> str:
    """Return ``; did you mean 'x'? (known: …)`` for a name that nothing answers to."""
    import difflib

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{hint} (known: {', '.join(sorted(known))})"
