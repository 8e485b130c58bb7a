"""The command line: its options, and what is wrong with them."""

import argparse
import math
from collections.abc import Callable
from typing import NoReturn

from keras_grl.version import __version__

BATCH_SIZE = 64  # if none is asked for
SMALL = "small"  # the backbone that is not of keras.applications
_MOST = 2**31 - 1
_MOST_SEED = 2**32 - 2  # the second run of a candidate has the next one
_SMALLEST_IMAGE, _LARGEST_IMAGE = 8, 1024
_ADAPT = """\
Trains an image classifier for unlabeled images: SOURCE has labels, TARGET has
none. Several ways of adapting are trained, and the one to keep is chosen
without labels of TARGET. The model that is not adapted is one of them.

Writes into OUTPUT: model.keras (images of 0 to 255 in, probabilities out),
predictions.csv, report.html and adaptation.json.
"""
_CHECK = """\
Reads all images of both folders and reports what is wrong with them and what
is worth knowing. Exit status: 0 if nothing is wrong, else 1.
"""
_SOURCE = "folder with one sub-folder of images for each class"
_TARGET = (
    "folder of unlabeled images; the names of its sub-folders are not used"
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (--help lists the options)\n")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """What the command line asks for.

    A wrong option ends the program with one line and exit status 2.

    Args:
        arguments: Without the program's name. None: those of the process.
    """
    parser = _Parser(
        prog="keras-grl",
        description="Domain adaptation of image classifiers.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="adapt | check"
    )
    for name, text, description in (
        ("adapt", "train, choose and report", _ADAPT),
        ("check", "check the images alone", _CHECK),
    ):
        command = commands.add_parser(
            name,
            help=text,
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            # `--step` is not `--steps`: it is refused.
            allow_abbrev=False,
        )
        command.add_argument("source", metavar="SOURCE", help=_SOURCE)
        command.add_argument("target", metavar="TARGET", help=_TARGET)
        command.add_argument(
            "--image-size",
            type=_whole(_SMALLEST_IMAGE, _LARGEST_IMAGE),
            default=64,
            metavar="PIXELS",
            help="images are resized to squares of this size. Default: 64",
        )
        if name == "adapt":
            _add_options(command)
    options = parser.parse_args(arguments)
    if options.command == "adapt" and None not in (
        options.minutes,
        options.steps,
    ):
        parser.error("--minutes: expected none with --steps")
    return options


def _add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `adapt` alone."""
    parser.add_argument(
        "--output",
        default="adapted",
        metavar="FOLDER",
        help="folder to write: a new one, or with --resume that of a run that "
        "was interrupted. Default: adapted",
    )
    parser.add_argument(
        "--minutes",
        type=_positive,
        metavar="MINUTES",
        help="time for all training; not with --steps. Default: 10",
    )
    parser.add_argument(
        "--max-candidates",
        type=_whole(2, _MOST),
        metavar="NUMBER",
        help="how many ways of training are compared, source only included, "
        "at least 2. Default: as many as fit into the time",
    )
    parser.add_argument(
        "--steps",
        type=_whole(1, _MOST),
        metavar="NUMBER",
        help="training steps of each run. With it the result does not depend "
        "on the speed of the machine",
    )
    parser.add_argument(
        "--methods",
        type=_words,
        metavar="NAMES",
        help="ways of adapting to compare, separated by commas, such as "
        "mcc,dann. Source only is always compared",
    )
    parser.add_argument(
        "--backbone",
        default=SMALL,
        metavar="NAME",
        help="small, a network for images of about 28 to 64 pixels, or a "
        "network of keras.applications, such as MobileNetV2. Default: small",
    )
    parser.add_argument(
        "--weights",
        metavar="WEIGHTS",
        help="of a network of keras.applications: imagenet (downloaded), none, "
        "or a file of weights without the top. Default: imagenet",
    )
    parser.add_argument(
        "--learning-rate",
        type=_positive,
        metavar="NUMBER",
        help="of Adam. Default: 0.001, with pretrained weights 0.0001",
    )
    parser.add_argument(
        "--batch-size",
        type=_whole(2, _MOST),
        default=BATCH_SIZE,
        metavar="NUMBER",
        help=f"images of each domain in a batch. Default: {BATCH_SIZE}",
    )
    parser.add_argument(
        "--seed",
        type=_whole(0, _MOST_SEED),
        default=0,
        metavar="NUMBER",
        help="of weights, batches and dropout. Default: 0",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue a run of the same arguments that was interrupted",
    )
    parser.add_argument(
        "--target-test",
        metavar="FOLDER",
        help="labeled target images, in class folders as in SOURCE. Accuracies "
        "on them are reported after the choice, which does not use them",
    )


def _whole(least: int, most: int) -> Callable[[str], int]:
    def check(text: str) -> int:
        # Python refuses to read a number of thousands of digits.
        if (
            not (text.isascii() and text.isdecimal())
            or len(text) > 20
            or not least <= int(text) <= most
        ):
            raise argparse.ArgumentTypeError(
                f"expected a whole number, at least {least}, at most {most}, "
                f"received {text!r}"
            )
        return int(text)

    return check


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(
            f"expected a finite number greater than 0, received {text!r}"
        )
    return number


def _words(text: str) -> tuple[str, ...]:
    words = tuple(text.split(","))
    if not all(words) or len(set(words)) < len(words):
        raise argparse.ArgumentTypeError(
            "expected different names, separated by commas without spaces, "
            f"received {text!r}"
        )
    return words
