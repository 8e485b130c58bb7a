"""keras-grl: the entry of the command line."""

import argparse
import io
import os
import sys
from pathlib import Path

from keras_grl.commands import beforehand
from keras_grl.commands.arguments import parse
from keras_grl.commands.errors import CommandError
from keras_grl.commands.files import STARTED

_WRONG, _INTERRUPTED, _UNREAD = 2, 130, 141


def main(arguments: list[str] | None = None) -> int:
    """Runs `keras-grl adapt` or `keras-grl check`.

    Args:
        arguments: Of the command line, without the program's name. None: those
            of the process.

    Returns:
        The exit status: 0 if all went well, 1 if `check` found problems, 2 if
        something that was asked for is wrong, 130 after Ctrl-C.
    """
    options = parse(arguments)
    for stream in (sys.stdout, sys.stderr):
        # Names of classes and files have letters that a terminal may not have.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return _run(options)
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return _WRONG
    except KeyboardInterrupt:
        print(f"\nInterrupted.{_hint(options)}", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # As in `keras-grl check … | head`. The rest is printed to nowhere.
        sys.stdout = open(os.devnull, "w")
        return _UNREAD
    except MemoryError:
        print(
            "error: not enough memory for the images. Choose a smaller "
            "--image-size, or fewer images",
            file=sys.stderr,
        )
        return _WRONG


def _run(options: argparse.Namespace) -> int:
    """Imports Keras once the command line and the folders are right."""
    if options.command == "check":
        source, target = beforehand.to_check(options)
        beforehand.import_keras()
        from keras_grl.commands import check

        return check.run(source, target, options.image_size)
    found, output = beforehand.to_adapt(options)
    beforehand.import_keras()
    from keras_grl.commands import adapt

    adapt.run(options, found, output)
    return 0


def _hint(options: argparse.Namespace) -> str:
    if options.command == "adapt" and Path(options.output, STARTED).is_file():
        return " The same command with --resume continues."
    return ""
