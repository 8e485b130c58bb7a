"""The report against values made by hand, and names that are not trusted."""

import base64
import dataclasses
import html.parser
import io
import re
import sys

import numpy as np
import pytest
from matplotlib import image

from keras_grl import Selection
from keras_grl.adapting import Adaptation
from keras_grl.adapting import report
from keras_grl.adapting import report_figures
from keras_grl.adapting.report import write_report

pytestmark = pytest.mark.backend_free

CLASSES = 3
# 6 target images. The chosen model predicts 0 0 0 1 1 2, source only 0 0 1 1 1
# 1: they differ for 2 of 6.
KEPT = np.array(
    [
        [0.90, 0.06, 0.04],
        [0.80, 0.15, 0.05],
        [0.50, 0.30, 0.20],
        [0.10, 0.70, 0.20],
        [0.25, 0.40, 0.35],
        [0.01, 0.01, 0.98],
    ]
)
REFERENCE = np.eye(CLASSES)[[0, 0, 1, 1, 1, 1]] * 0.7 + 0.1
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), "uint8")
# Of the first runs; two candidates got a second one.
SCORES = {
    "source_only": {"runs": 1, "consensus": None, "mixval": 0.125},
    "mcc": {"runs": 1, "consensus": None, "mixval": 0.625},
    "dann": {"runs": 1, "consensus": None, "mixval": 0.25},
}
FINAL = {
    "source_only": {"runs": 2, "consensus": 0.625, "mixval": None},
    "mcc": {"runs": 2, "consensus": 0.875, "mixval": 0.5},
}


def features(shift):
    random = np.random.default_rng(0)
    labels = np.arange(12) % CLASSES
    return {
        "source": random.normal(size=(12, 4)) + labels[:, None],
        "target": random.normal(size=(12, 4)) + labels[:, None] + shift,
        # A half of the first class, a third and a sixth.
        "source_labels": np.repeat([0, 1, 2], [6, 4, 2]),
        "target_predicted": labels,
    }


def adaptation(choice="mcc", first=SCORES, final=FINAL, **changes):
    """One by hand, without a model."""
    reason = "Its consensus is clearly above that of source_only."

    def selection(scores, vetoed, reason=reason):
        return Selection(
            choice, 0, reason, "consensus", "source_only", scores, vetoed
        )

    result = Adaptation(
        model=None,
        reference_model=None,
        selection=selection(final, {}),
        first_selection=selection(first, {"dann": "predicts 1.0 classes"}),
        warnings=["dann: λ stays 0."],
        domains={
            "distance": 1.5,
            "low": 1.25,
            "high": 1.75,
            "null_high": 0.125,
            "differ": True,
        },
        predictions=KEPT,
        reference_predictions=REFERENCE,
        embedding={"before": features(3), "after": features(0)},
        runs=[
            {"candidate": name, "seconds": seconds}
            for name, seconds in (
                ("source_only", 3.25),
                ("source_only", 3.5),
                ("mcc", 4.0),
                ("dann", 5.0),
            )
        ],
        settings={
            "steps": 40,
            "candidates": ["source_only", "mcc", "dann"],
            "minutes": None,
            "batch_size": 16,
            "seed": 5,
        },
    )
    return dataclasses.replace(result, **changes)


def written(folder, result=None, **arguments):
    path = folder / "report.html"
    write_report(result or adaptation(), path, **arguments)
    return path.read_text(encoding="utf-8")


def without_images(text):
    return re.sub(r'src="data:[^"]*"', 'src=""', text)


class Page(html.parser.HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes), tuple(self.open)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return written(
        tmp_path_factory.mktemp("report"),
        images=IMAGES,
        class_names=["cat", "dog", "cow"],
        files=[f"{n}.png" for n in range(6)],
        test={"accuracy": 0.875, "source_only": 0.5, "images": 80},
        command="keras-grl adapt a b --steps 40",
        notes=["SOURCE is gray."],
    )


def test_the_headline_comes_first(text):
    parts = [
        "<h1>mcc is kept</h1>",
        "Its consensus is clearly above",
        "Accuracy on 80 labeled target images, which the choice did not use: "
        "mcc 0.875, source only 0.500 (+37.5 points).",
        "for 33.3% of the 6 target images",
        "<h2>Do source and target differ?</h2>",
        "Yes: a classifier can distinguish them.",
        "1.50 (95 % interval 1.25 to 1.75)",
        "random halves of the source it is at most 0.12",
        "<h2>Candidates, choice and reason</h2>",
        "<h2>Warnings</h2>",
        "<h2>Predicted classes</h2>",
        "<h2>Target images by predicted class</h2>",
        "<h2>The least confident</h2>",
        "<h2>Features of both domains</h2>",
        "<h2>Settings</h2>",
        "keras-grl adapt a b --steps 40",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_source_only_is_not_compared_with_itself():
    test = {"accuracy": 0.5, "source_only": 0.5}
    said = report.accuracies(test, "source_only")
    assert said.endswith("which the choice did not use: source_only 0.500.")


def cells(text, first):
    row = re.search(rf"<tr[^>]*><td[^>]*>{first}</td>(.*?)</tr>", text)
    return re.findall(r"<td[^>]*>(.*?)</td>", row.group(1))


def test_the_candidates(text):
    assert cells(text, "source_only") == ["", "0.625", "2", "–", "7"]
    assert cells(text, "mcc") == ["kept", "0.875", "2", "0.500", "4"]
    assert cells(text, "dann") == [
        "vetoed: predicts 1.0 classes",
        "–",
        "1",
        "0.250",
        "5",
    ]
    kept = re.findall(r'<tr class="kept"><td class="text">(.*?)</td>', text)
    assert kept == ["mcc"]


def test_remarks_on_candidates():
    """The copies of the last selection that a candidate took part in."""
    two = adaptation()
    near = {"mcc": "source_only"}
    first = {"dann": "mcc", "source_only": "dann"}
    selections = {
        "selection": dataclasses.replace(two.selection, near_copies=near),
        "first_selection": dataclasses.replace(
            two.first_selection, near_copies=first, vetoed={}
        ),
    }
    two = dataclasses.replace(two, **selections)
    assert two.remark("mcc") == "kept, nearly the same as source_only"
    assert two.remark("dann") == "no second run, nearly the same as mcc"
    assert two.remark("source_only") == ""


def test_the_warnings(text):
    assert '<li class="warning">SOURCE is gray.</li>' in text
    assert '<li class="warning">dann: λ stays 0.</li>' in text


def test_the_frequencies(text):
    # Predicted images; shares of source labels, source only, the kept model.
    assert cells(text, "cat") == ["3", "0.500", "0.333", "0.500"]
    assert cells(text, "dog") == ["2", "0.333", "0.667", "0.333"]
    assert cells(text, "cow") == ["1", "0.167", "0.000", "0.167"]


def captions(text, title):
    part = text[text.index(f"{title}</h") :]
    end = min(n for n in (part.find("<h2>", 9), part.find("<h3>", 9)) if n > 0)
    return re.findall(r"<figcaption>(.*?)</figcaption>", part[:end])


def test_the_examples(text):
    assert captions(text, "cat, 3 images") == [
        "cat 0.90 · 0.png",
        "cat 0.80 · 1.png",
        "cat 0.50 · 2.png",
    ]
    assert captions(text, "cow, 1 image") == ["cow 0.98 · 5.png"]
    assert captions(text, "The least confident")[:2] == [
        "dog 0.40, cow 0.35 · 4.png",
        "cat 0.50, dog 0.30 · 2.png",
    ]


def test_examples_are_the_images(text):
    part = text[text.index("cow, 1 image") :]
    uri = re.search(r'src="(data:[^"]*)"', part).group(1)
    np.testing.assert_array_equal(pixels(uri), IMAGES[5])


def pixels(uri):
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    shown = image.imread(io.BytesIO(data), format="png")
    return np.round(shown[..., :3] * 255)


def test_images_of_other_kinds():
    gray = IMAGES[0][..., :1]
    three = np.repeat(gray, 3, axis=-1)
    for each in (gray, gray.astype("float32"), gray / 255.0):
        np.testing.assert_array_equal(
            pixels(report_figures.thumbnail(each)), three
        )
    # Means of squares of 2; the sides are multiples of nothing.
    large = np.zeros((201, 140, 3), "uint8")
    large[0::2, 0::2] = 200
    shown = pixels(report_figures.thumbnail(large))
    assert shown.shape == (100, 70, 3)
    assert (shown == 50).all()
    assert (
        pixels(report_figures.thumbnail(np.full((2, 2, 1), np.nan))) == 0
    ).all()


def test_it_loads_nothing_and_fits_a_phone(text):
    page = Page(text)
    assert page.open == []
    tags = {tag for tag, _, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "form", "base"}
    for tag, attributes, above in page.tags:
        if tag == "img":
            assert attributes["src"].startswith("data:image/png;base64,")
            assert attributes["alt"]
        if tag == "table":
            assert above[-1] == "div"
        assert not set(attributes) & {"width", "style", "onload", "onerror"}
    names = [a.get("name") for tag, a, _ in page.tags if tag == "meta"]
    assert "viewport" in names
    # No address, in the style either.
    assert not re.search(r"https?://|url\(|@import", text)
    assert text.count('<div class="wide"><table>') == text.count("<table")


EVIL = "<script>alert(1)</script>\"'&\x1b[31m"


def test_everything_is_escaped(tmp_path):
    result = adaptation(
        EVIL,
        {**SCORES, EVIL: SCORES["mcc"]},
        {**FINAL, EVIL: FINAL["mcc"]},
        warnings=[EVIL],
    )
    selection = dataclasses.replace(
        result.selection, reason=EVIL, vetoed={"mcc": EVIL}
    )
    text = written(
        tmp_path,
        dataclasses.replace(
            result,
            selection=selection,
            settings={**result.settings, EVIL: EVIL, "methods": (EVIL,)},
        ),
        images=IMAGES,
        class_names=[EVIL, "$x^{$", "</style>"],
        files=[EVIL, "\udcff.png", *["</figure>"] * 4],
        command=EVIL,
        notes=[EVIL],
    )
    clean = Page(written(tmp_path, images=IMAGES, files=["f"] * 6))
    page = Page(text)
    assert {tag for tag, _, _ in page.tags} == {t for t, _, _ in clean.tags}
    assert page.open == []
    assert "\x1b" not in text
    assert (
        text.count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;") > 9
    )
    assert "�.png" in text
    attributes = {name for _, each, _ in page.tags for name in each}
    assert attributes <= {
        "alt",
        "charset",
        "class",
        "content",
        "http-equiv",
        "lang",
        "name",
        "src",
    }


def test_the_model_that_was_not_adapted(tmp_path):
    result = adaptation("source_only", predictions=REFERENCE, warnings=[])
    text = without_images(written(tmp_path, result))
    assert "<h1>source_only is kept</h1>" in text
    assert "It is the model that was not adapted." in text
    assert "Before: source only" in text and "After" not in text
    assert "<p>None.</p>" in text
    assert "Target images by predicted class" not in text
    # One column of the target: source only is the model that is kept.
    assert cells(text, "1") == ["4", "0.333", "0.667"]


def test_domains_that_do_not_differ(tmp_path):
    domains = {
        "distance": 0.1,
        "low": -0.2,
        "high": 0.4,
        "null_high": None,
        "differ": False,
    }
    text = written(tmp_path, adaptation(domains=domains))
    assert "These samples show no difference" in text
    assert "random halves" not in text


def test_domains_without_a_distance(tmp_path):
    names = ("distance", "low", "high", "null_high", "differ")
    domains = {name: None for name in names} | {"reason": "NaN <features>."}
    text = written(tmp_path, adaptation(domains=domains))
    assert "<p>Not known: NaN &lt;features&gt;.</p>" in text


def test_the_call_that_repeats_it(tmp_path):
    text = written(tmp_path)
    assert (
        "keras_grl.adapt(model, source, target, steps=40, max_candidates=3, "
        "methods=(&#x27;mcc&#x27;, &#x27;dann&#x27;), batch_size=16, seed=5)"
    ) in text
    assert "its accuracy on the target is unknown" in text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"images": IMAGES[:5]}, r"`images`.*\(6, height, width, 1 or 3\)"),
        ({"images": IMAGES[..., :2]}, "`images`"),
        ({"images": IMAGES[0]}, "`images`"),
        ({"files": ["a"]}, "`files`. Expected 6 names"),
        ({"class_names": ["a", "b"]}, "`class_names`. Expected names of 3"),
        ({"class_names": "abc"}, "`class_names`"),
    ],
)
def test_what_does_not_fit_the_predictions(arguments, expected, tmp_path):
    with pytest.raises(ValueError, match=expected):
        written(tmp_path, **arguments)
    assert not list(tmp_path.iterdir())


def test_the_folder_must_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        written(tmp_path / "none")


def test_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"needs matplotlib. Install it"):
        written(tmp_path)
    assert not list(tmp_path.iterdir())
