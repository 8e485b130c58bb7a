"""Errors that end a command with one line, and names that can be printed."""

import os


class CommandError(Exception):
    """What was asked for cannot be done; the message is one line."""


def shown(name: str | os.PathLike[str]) -> str:
    """A file or class name that is safe to print.

    Control characters, which a terminal would obey, and bytes that are not
    UTF-8 are replaced.

    Args:
        name: A name or a path.

    Example:

    >>> shown("a\\x1b[31m.png")
    'a�[31m.png'
    """
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )


def counted(number: int, one: str, several: str | None = None) -> str:
    """A number and its noun.

    Args:
        number: Integer.
        one: The noun of one.
        several: The noun of several; by default with an "s".

    Example:

    >>> counted(1, "image"), counted(1200, "image")
    ('1 image', '1,200 images')
    """
    return f"{number:,} {one if number == 1 else several or one + 's'}"
