"""The settings of an adaptation in its report, and how to repeat it."""

from typing import TYPE_CHECKING

from keras_grl.adapting import report_html as html

if TYPE_CHECKING:
    from keras_grl.adapting.result import Adaptation

_LEARNING_RATE = 1e-3  # if none is asked for
_HASHES = ("data", "model")  # of settings, which --resume compares


def settings_section(adaptation: "Adaptation", command: str | None) -> str:
    """What it was trained with, and the command or call that repeats it.

    Args:
        adaptation: What `adapt` returned.
        command: As in `write_report`.
    """
    settings = {
        name: value
        for name, value in adaptation.settings.items()
        if value is not None and name not in _HASHES
    }
    rows = [
        [
            name.replace("_", " "),
            ", ".join(map(str, value))
            if isinstance(value, (list, tuple))
            else str(value),
        ]
        for name, value in settings.items()
    ]
    return html.section(
        "Settings",
        html.table(["setting", "value"], rows),
        html.paragraph(_what_repeats(adaptation)),
        html.code(command or _call(adaptation)),
    )


def _what_repeats(adaptation: "Adaptation") -> str:
    settings = adaptation.settings
    backend = settings.get("backend")
    where = f", with KERAS_BACKEND={backend}" if backend else ""
    if settings.get("runs_each") == 1:
        return (
            "This trains the same candidates on a machine of any "
            f"speed{where}. The best ones get a second run too, for which "
            "there was no time, so another one may be kept:"
        )
    return f"This repeats it on a machine of any speed{where}:"


def _call(adaptation: "Adaptation") -> str:
    """The call that repeats it, with steps in the place of minutes."""
    settings = adaptation.settings
    rate = settings.get("learning_rate", _LEARNING_RATE)
    learning_rate = f"learning_rate={rate}, " if rate != _LEARNING_RATE else ""
    reference = adaptation.selection.reference
    methods = tuple(n for n in settings["candidates"] if n != reference)
    return (
        f"keras_grl.adapt(model, source, target, steps={settings['steps']}, "
        f"max_candidates={len(settings['candidates'])}, methods={methods!r}, "
        f"batch_size={settings['batch_size']}, {learning_rate}"
        f"seed={settings['seed']})"
    )
