"""The report of an adaptation: one HTML file that loads nothing."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_grl.adapting import report_figures as figures
from keras_grl.adapting import report_html as html
from keras_grl.adapting.candidates import REFERENCE
from keras_grl.adapting.report_arguments import Shown
from keras_grl.adapting.report_settings import settings_section
from keras_grl.files import replaced
from keras_grl.types import AnyArray
from keras_grl.types import PathLike

if TYPE_CHECKING:
    from keras_grl.adapting.result import Adaptation

_CLASSES, _PER_CLASS, _LEAST_SURE = 20, 6, 12
_SCORES = """\
agreement: how often two runs of a candidate that differ only in the seed \
predict the same class. ensv: how often a candidate predicts the class of the \
average of all. consensus: the mean of these two. classes: how many classes \
are predicted, by the entropy of their frequencies. mixval, infomax, \
negative_entropy and bnm are scores of one model alone. Higher is better. None \
of them uses labels of the target."""


def write_report(
    adaptation: "Adaptation",
    path: PathLike,
    *,
    images: AnyArray | None = None,
    class_names: Sequence[str] | None = None,
    files: Sequence[str] | None = None,
    test: Mapping[str, float] | None = None,
    command: str | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Writes the report.

    Args:
        adaptation: What `adapt` returned.
        path: Of the HTML file. Its folder must exist.
        images: Target images, `(n, height, width, channels)` with 1 or 3
            channels, in the order of `adaptation.predictions`. Without them
            no examples are shown.
        class_names: Name of each class. Defaults to the numbers.
        files: File name of each target image.
        test: Accuracies on labeled target data: `{"accuracy": …,
            "source_only": …}`, and `"images"`, how many there were.
        command: The command that repeats it. By default the call of `adapt`.
        notes: Further warnings, of the data.

    Raises:
        ImportError: If Matplotlib or scikit-learn is not installed.
        FileNotFoundError: If the folder does not exist.
        ValueError: If an argument is invalid.
    """
    shown = Shown(adaptation, images, class_names, files)
    sections = [
        *_headline(adaptation, test),
        _domains(adaptation),
        _candidates(adaptation),
        html.section(
            "Warnings",
            html.items([*notes, *adaptation.warnings], "warning")
            or html.paragraph("None."),
        ),
        _frequencies(shown),
        _examples(shown),
        _embedding(shown),
        settings_section(adaptation, command),
    ]
    text = html.page(f"Adaptation: {adaptation.choice} is kept", sections)
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _headline(
    adaptation: "Adaptation", test: Mapping[str, float] | None
) -> Iterator[str]:
    kept, reference = adaptation.choice, adaptation.selection.reference
    yield f"<h1>{html.text(kept)} is kept</h1>"
    yield html.paragraph(adaptation.reason, "lead")
    if test is not None:
        yield html.paragraph(accuracies(test, kept), "lead")
    if kept == reference:
        yield html.paragraph("It is the model that was not adapted.")
        return
    changed = np.mean(
        adaptation.predictions.argmax(1)
        != adaptation.reference_predictions.argmax(1)
    )
    yield html.paragraph(
        f"It predicts another class than {reference}, the model that was not "
        f"adapted, for {changed:.1%} of the {len(adaptation.predictions):,} "
        "target images."
    )
    if test is None:
        yield html.paragraph(
            "Without target labels its accuracy on the target is unknown: the "
            "choice is by the scores below. If you can, label a few target "
            "images and test it.",
            "note",
        )


def accuracies(test: Mapping[str, float], kept: str) -> str:
    """A sentence about the accuracies on labeled target images.

    Args:
        test: As in `write_report`.
        kept: The name of the candidate that is kept.
    """
    accuracy, reference = test["accuracy"], test["source_only"]
    images = f"{int(test['images']):,} " if "images" in test else ""
    text = (
        f"Accuracy on {images}labeled target images, which the choice did not "
        f"use: {kept} {accuracy:.3f}"
    )
    if kept != REFERENCE:
        gain = 100 * (accuracy - reference)
        text += f", source only {reference:.3f} ({gain:+.1f} points)"
    return f"{text}."


def _domains(adaptation: "Adaptation") -> str:
    title, found = "Do source and target differ?", adaptation.domains
    if found.get("distance") is None:
        reason = found.get("reason") or "there is no distance."
        return html.section(title, html.paragraph(f"Not known: {reason}"))
    said = (
        "Yes: a classifier can distinguish them."
        if found["differ"]
        else "These samples show no difference: adapting may not be needed."
    )
    detail = (
        f"The proxy A-distance of the features of source only is "
        f"{found['distance']:.2f} (95 % interval {found['low']:.2f} to "
        f"{found['high']:.2f}); at 0 a linear classifier finds no "
        f"difference, at 2 it makes no error."
    )
    if found.get("null_high") is not None:
        detail += (
            f" Between random halves of the source it is at most "
            f"{found['null_high']:.2f}."
        )
    return html.section(
        title, html.paragraph(said), html.paragraph(detail, "note")
    )


def _candidates(adaptation: "Adaptation") -> str:
    every = [
        scores
        for selection in (adaptation.first_selection, adaptation.selection)
        for scores in selection.scores.values()
    ]
    names = [n for n in every[0] if any(each[n] is not None for each in every)]
    # The score that decided comes first: a narrow screen shows no more.
    names.sort(key=lambda name: name != adaptation.selection.rule)
    titles = [name.replace("_", " ") for name in names]  # can be broken
    rows = [
        _candidate(adaptation, name, names)
        for name in adaptation.first_selection.scores
    ]
    return html.section(
        "Candidates, choice and reason",
        html.table(
            ["candidate", "", *titles, "seconds"], rows, adaptation.choice
        ),
        html.paragraph(adaptation.reason),
        html.paragraph(_SCORES, "note"),
    )


def _candidate(
    adaptation: "Adaptation", name: str, scores: Sequence[str]
) -> list[object]:
    """The row of a candidate: name, remark, its scores, seconds."""
    selection = adaptation.selection_of(name)
    seconds = sum(
        run["seconds"] for run in adaptation.runs if run["candidate"] == name
    )
    values = (selection.scores[name].get(score) for score in scores)
    return [name, adaptation.remark(name), *values, round(seconds)]


def _frequencies(shown: Shown) -> str:
    adaptation, names = shown.adaptation, shown.class_names
    labels = np.asarray(adaptation.embedding["before"]["source_labels"])
    kept = adaptation.predictions.argmax(1)
    columns = {
        "source labels": labels,
        "source only on target": adaptation.reference_predictions.argmax(1),
    }
    if adaptation.choice != adaptation.selection.reference:
        columns[f"{adaptation.choice} on target"] = kept
    shares = [
        np.bincount(each, minlength=len(names)) / len(each)
        for each in columns.values()
    ]
    counts = np.bincount(kept, minlength=len(names))
    rows = [
        [name, int(counts[n]), *(float(share[n]) for share in shares)]
        for n, name in enumerate(names)
    ]
    return html.section(
        "Predicted classes",
        html.paragraph(
            "Where a class takes far more of the target than of the source, "
            "either the target has more of it, or the model is wrong.",
            "note",
        ),
        html.image(
            figures.frequencies(columns, names),
            "Shares of the classes among source labels and predictions",
        ),
        html.table(["class", "images", *columns], rows),
    )


def _examples(shown: Shown) -> str:
    if shown.images is None:
        return ""
    predictions = shown.adaptation.predictions
    classes, sure = predictions.argmax(1), predictions.max(1)
    counts = np.bincount(classes, minlength=len(shown.class_names))
    order = np.argsort(-counts, kind="stable")
    parts = [
        html.paragraph(
            "From the most to the least confident of each class. Probabilities "
            "on a target are often too high.",
            "note",
        )
    ]
    for number in order[:_CLASSES]:
        rows = np.flatnonzero(classes == number)
        if not len(rows):
            continue
        rows = rows[np.argsort(-sure[rows], kind="stable")]
        picked = np.linspace(0, len(rows) - 1, min(_PER_CLASS, len(rows)))
        parts.append(
            f"<h3>{html.text(shown.class_names[number])}, {len(rows):,} "
            f"{'image' if len(rows) == 1 else 'images'}</h3>"
        )
        parts.append(
            html.examples(
                (figures.thumbnail(shown.images[row]), shown.caption(row))
                for row in rows[picked.round().astype(int)]
            )
        )
    if np.count_nonzero(counts) > _CLASSES:
        parts.append(
            html.paragraph(f"The {_CLASSES} most frequent classes are shown.")
        )
    least = np.argsort(sure, kind="stable")[:_LEAST_SURE]
    return html.section("Target images by predicted class", *parts) + (
        html.section(
            "The least confident",
            html.paragraph("Worth labeling first.", "note"),
            html.examples(
                (figures.thumbnail(shown.images[row]), shown.caption(row, 2))
                for row in least
            ),
        )
    )


def _embedding(shown: Shown) -> str:
    adaptation = shown.adaptation
    titles = {"before": "Before: source only"}
    if adaptation.choice != adaptation.selection.reference:
        titles["after"] = f"After: {adaptation.choice}"
    parts = []
    for when, title in titles.items():
        pair = figures.embedding(
            adaptation.embedding[when], shown.class_names, shown.seed
        )
        parts += [
            f"<h3>{html.text(title)}</h3>",
            html.figures(
                html.image(figure, f"Embedding {when}, {by}")
                for figure, by in zip(
                    pair, ("by domain", "by class"), strict=True
                )
            ),
        ]
    return html.section(
        "Features of both domains",
        html.paragraph(
            "t-SNE of some samples. Circles are source images with their "
            "labels, triangles target images with their predicted classes. "
            "Where adapting works, the domains mix within each class.",
            "note",
        ),
        *parts,
    )
