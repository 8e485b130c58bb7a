"""Command-line options from a dataclass: one flag for each field."""

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from typing import NoReturn
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")

# What a step counter, a seed and a weight on a device can hold.
_MOST = 2**31 - 1
_MOST_SEED = 2**32 - 1
_MOST_FLOAT = 3.4e38


def option(
    default: object, help: str, check: Callable[[str], T], shown: str = ""
) -> T:
    """A field of a configuration, with its line in `--help`.

    Args:
        default: The value without the flag.
        help: One sentence.
        check: Turns the text of the command line into the value, or raises
            ValueError with what is expected.
        shown: What `--help` calls the value. By default what `check` takes.
    """
    # For type checkers a field is its value. A default may be text, which
    # argparse turns into the value too.
    metadata = {"help": help, "check": check, "shown": shown or _shown(check)}
    field: Any = dataclasses.field(default=default, metadata=metadata)
    return field


def _shown(check: Callable[[str], object]) -> str:
    """What `--help` calls the value of an option."""
    words_of: dict[Callable[[str], object], str] = {
        count: "N",
        seed: "N",
        images: "N",
        positive: "NUMBER",
        not_negative: "NUMBER",
        switch: "yes|no",
        words: "NAME,…",
        path: "PATH",
        output: "FOLDER",
    }
    return words_of.get(check, "NAME")


def parse(
    configuration: type[T], description: str, arguments: list[str] | None
) -> T:
    """The configuration that the command line asks for.

    A wrong option ends the program with one line that names what is expected.
    """
    parser = _parser(configuration, description)
    return configuration(**vars(parser.parse_args(arguments)))


def parse_with_presets(
    configuration: type[T],
    presets: dict[str, S],
    description: str,
    arguments: list[str] | None,
) -> tuple[T, S]:
    """The same, with flags for what `--preset` sets.

    Args:
        configuration: A dataclass with a field `preset`.
        presets: Name to settings, all of one dataclass.
        description: For `--help`.
        arguments: Of the command line.

    Returns:
        The configuration, and the settings of its preset with the requested
        changes.
    """
    parser = _parser(configuration, description)
    settings = next(iter(presets.values()))
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        defaults = ", ".join(
            f"{as_flag(getattr(preset, field.name))} ({name})"
            for name, preset in presets.items()
        )
        _add(parser, field, None, f"Default: {defaults}.")
    values = vars(parser.parse_args(arguments))
    changes = {
        field.name: value
        for field in dataclasses.fields(settings)  # type: ignore[arg-type]
        for value in [values.pop(field.name)]
        if value is not None
    }
    preset = presets.get(values["preset"])
    if preset is None:
        stop(
            f"--preset: expected one of {', '.join(presets)}, received "
            f"{values['preset']!r}"
        )
    return configuration(**values), dataclasses.replace(preset, **changes)  # type: ignore


def _parser(configuration: type[Any], description: str) -> "_Parser":
    """With a flag for each field."""
    parser = _Parser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # `--epoch` is not `--epochs`: it is refused.
        allow_abbrev=False,
    )
    for field in dataclasses.fields(configuration):
        nothing = field.default in (None, (), "")  # the help text covers it
        text = "" if nothing else f"Default: {as_flag(field.default)}."
        _add(parser, field, field.default, text)
    return parser


def as_flag(value: object) -> object:
    """A value as the command line takes it."""
    return ("no", "yes")[value] if isinstance(value, bool) else value


def _add(
    parser: "_Parser", field: dataclasses.Field[Any], default: object, text: str
) -> None:
    parser.add_argument(
        "--" + field.name.replace("_", "-"),
        default=default,
        type=_checked(field.metadata["check"]),
        metavar=field.metadata["shown"],
        help=f"{field.metadata['help']} {text}".strip().replace("%", "%%"),
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (--help lists the options)\n")


def _checked(check: Callable[[str], object]) -> Callable[[str], object]:
    def convert(text: str) -> object:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(
                f"expected {error}, received {text!r}"
            ) from None

    return convert


def count(text: str) -> int:
    """A whole number of at least 1."""
    return _whole(text, 1, _MOST)


def seed(text: str) -> int:
    """A whole number that NumPy takes as a seed."""
    return _whole(text, 0, _MOST_SEED)


def images(text: str) -> int:
    """A number of images, or 0."""
    return _whole(text, 0, _MOST)


def _whole(text: str, least: int, most: int) -> int:
    # Python refuses to read a number of thousands of digits.
    if (
        not text.isdecimal()
        or len(text) > 20
        or not (least <= int(text) <= most)
    ):
        raise ValueError(f"a whole number, at least {least}, at most {most}")
    return int(text)


def check_seeds(first: int, seeds: int) -> None:
    """Ends the program if the last seed is too large."""
    if first + seeds - 1 > _MOST_SEED:
        stop(
            f"--seeds: expected a last seed of at most {_MOST_SEED}, received "
            f"{seeds} seeds, beginning with {first}"
        )


def positive(text: str) -> float:
    """A finite number greater than 0."""
    number = _number(text)
    if not 0 < number <= _MOST_FLOAT:
        raise ValueError("a finite number greater than 0")
    return number


def not_negative(text: str) -> float:
    """A finite number of at least 0."""
    number = _number(text)
    if not 0 <= number <= _MOST_FLOAT:
        raise ValueError("a finite number, at least 0")
    return number


def _number(text: str) -> float:
    """The number; NaN, which is within no bounds, if it is not one."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def switch(text: str) -> bool:
    """Yes or no."""
    if text not in ("yes", "no"):
        raise ValueError("yes or no")
    return text == "yes"


def one_of(*choices: str) -> Callable[[str], str]:
    """One of some words."""

    def word(text: str) -> str:
        if text not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return text

    return word


def words(text: str) -> tuple[str, ...]:
    """Words, separated by commas."""
    found = tuple(text.split(","))
    if not all(found) or len(set(found)) < len(found):
        raise ValueError("different words, separated by commas")
    return found


def folder(text: str) -> str:
    """The name of a folder, without a path."""
    # File systems have names of 255 bytes at most.
    long = len(text.encode()) > 200
    if not text or long or "/" in text or "\\" in text or text in (".", ".."):
        raise ValueError("a name without a path, at most 200 bytes")
    return text


def path(text: str) -> str:
    """A path."""
    if not text:
        raise ValueError("a path")
    return text


def output(text: str) -> str:
    """A folder that can be written, or created."""
    path(text)
    try:
        folder = Path(text).absolute()
        while not folder.exists():
            folder = folder.parent
        # More than the permissions: a file system may be read-only.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"a folder that can be written ({error.strerror})"
        ) from None
    return text


def stop(message: str) -> NoReturn:
    """Ends the program with one line."""
    sys.exit(f"error: {message}")
