"""keras-grl: the entry of the command line."""

import sys

from keras_grl.commands.arguments import parse
from keras_grl.commands.errors import CommandError

_WRONG, _INTERRUPTED = 2, 130


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
    # Here and not above: they import what an error of the command line does
    # not need.
    from keras_grl.commands import adapt
    from keras_grl.commands import check

    try:
        if options.command == "check":
            return check.run(options.source, options.target, options.image_size)
        adapt.run(options)
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return _WRONG
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return _INTERRUPTED
    return 0
