"""Command-line options from a dataclass: one flag for each field."""

import argparse
import dataclasses
import sys
from collections.abc import Callable
from typing import Any
from typing import TypeVar

T = TypeVar("T")


def option(default: Any, help: str, check: Callable[[Any], Any]) -> Any:
    """A field of a configuration, with what `--help` says of it.

    Args:
        default: The value without the flag.
        help: One sentence.
        check: Turns the text of the command line into the value, or raises
            ValueError with what is expected.
    """
    return dataclasses.field(
        default=default, metadata={"help": help, "check": check}
    )


def parse(configuration: type[T], description: str, arguments: Any) -> T:
    """The configuration that the command line asks for.

    A wrong option ends the program with one line that says what is expected.
    """
    parser = _Parser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for field in dataclasses.fields(configuration):  # type: ignore[arg-type]
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            default=field.default,
            type=_checked(field.metadata["check"]),
            metavar=field.metadata["check"].__name__.upper(),
            help=f"{field.metadata['help']} Default: {field.default}.",
        )
    return configuration(**vars(parser.parse_args(arguments)))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        self.exit(2, f"error: {message} (--help lists the options)\n")


def _checked(check: Callable[[str], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(
                f"expected {error}, received {text!r}"
            ) from None

    return convert


def count(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ValueError("a whole number, at least 1")
    return int(text)


def seed(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isdecimal():
        raise ValueError("a whole number, at least 0")
    return int(text)


def positive(text: str) -> float:
    """A finite number greater than 0."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not 0 < number < float("inf"):
        raise ValueError("a finite number greater than 0")
    return number


def folder(text: str) -> str:
    """The name of a folder, without a path."""
    if not text or "/" in text or "\\" in text or text in (".", ".."):
        raise ValueError("a name without a path")
    return text


def path(text: str) -> str:
    """A path."""
    if not text:
        raise ValueError("a path")
    return text


def stop(message: str) -> Any:
    """Ends the program with one line."""
    sys.exit(f"error: {message}")
