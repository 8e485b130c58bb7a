import csv
import dataclasses
import datetime
import json

import keras
import numpy as np
import pytest

from applications import mnist_to_mnist_m
from applications import mnist_to_svhn
from applications import office
from applications import semi_supervised_signs
from applications import svhn_to_mnist
from applications import syn_numbers_to_svhn
from applications import syn_signs_to_gtsrb
from applications import tables
from applications.runner import results
from applications.runner.augmentation import augmentation
from applications.runner.settings import Split
from applications.runner.training import Batches
from applications.runner.training import Checkpoint
from tests.applications import small_sets
from tests.testing import run_python

TINY = ["--batch-size", "32", "--network", "small"]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    small_sets.put_in_place(monkeypatch)


def history(folder):
    with open(folder / "history.csv") as file:
        return list(csv.DictReader(file))


def test_a_run_writes_what_it_found(tmp_path, capsys):
    arguments = [*TINY, "--epochs", "2", "--output", str(tmp_path)]
    methods = ["source_only", "subspace_alignment", "coral", "dann"]
    arguments += ["--methods", ",".join(methods), "--name", "all"]
    metrics = mnist_to_mnist_m.main(arguments)
    folder = tmp_path / "mnist_to_mnist_m" / "all"
    assert [m["method"] for m in metrics] == methods
    assert json.loads((folder / "metrics.json").read_text()) == metrics
    config = json.loads((folder / "config.json").read_text())
    assert config["settings"]["epochs"] == 2
    rows = history(folder)
    assert len(rows) == 2 * (len(methods) - 1)  # one method has no epochs
    assert {(row["seed"], row["epoch"]) for row in rows} == {
        ("0", "1"),
        ("0", "2"),
    }
    by_method = {m["method"]: m for m in metrics}
    for name in set(methods) - {"subspace_alignment"}:
        found = by_method[name]
        last = [row for row in rows if row["method"] == name][-1]
        assert found["accuracy"] == float(last["target_accuracy"])
        assert found["oracle"]["accuracy"] >= found["accuracy"]
        assert 0 <= found["svm_accuracy"] <= 1
        assert found["epochs"] == 2
        assert found["images"]["target"] == {"train": 96, "test": 48}
    aligned = by_method["subspace_alignment"]
    assert aligned["oracle"]["accuracy"] >= aligned["selected"]["accuracy"]
    # As the paper chooses it: on the target's test labels.
    assert aligned["svm_accuracy"] == aligned["oracle"]["accuracy"]
    # What is saved gives the accuracy that is reported.
    images, labels = small_sets.load("mnist_m", "test")
    for file, name in (
        (folder / "model.keras", "dann"),
        (folder / "runs" / "source_only-0" / "model.keras", "source_only"),
    ):
        predictions = keras.models.load_model(file).predict(images, verbose=0)
        accuracy = np.mean(predictions.argmax(axis=1) == labels)
        assert accuracy == pytest.approx(by_method[name]["accuracy"])
    assert {file.name for file in (folder / "figures").iterdir()} == {
        "examples.png",
        "training.png",
        "features_feature_extractor.png",
        "features_last_hidden_layer.png",
    }
    page = (folder / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 4
    assert "--epochs 2" in page and str(tmp_path) not in page
    assert "<td>subspace alignment</td>" in page
    assert "chosen by the very labels it is tested with" in page
    assert f"--methods {','.join(methods)}" in page
    today = datetime.date.today().isoformat()
    made = f"Made on {today} with Keras {keras.version()} on"
    assert f"{made} {keras.backend.backend()}." in page
    printed = capsys.readouterr().out
    assert "| DANN | 1 |" in printed and "57.9 %" in printed
    # All is done: nothing is trained again.
    before = (folder / "runs" / "dann-0" / "metrics.json").stat().st_mtime_ns
    assert mnist_to_mnist_m.main(arguments) == metrics
    after = (folder / "runs" / "dann-0" / "metrics.json").stat().st_mtime_ns
    assert before == after
    # The tables find it.
    made = tables.main(["--results", str(tmp_path), "--output", str(tmp_path)])
    assert made["table_1"][0] == [
        "method",
        "MNIST → MNIST-M, all",
        "MNIST → MNIST-M, all, linear SVM",
        "MNIST → MNIST-M, paper",
    ]
    dann = next(row for row in made["table_1"] if row[0] == "DANN")
    assert dann[1].startswith(f"{by_method['dann']['accuracy']:.4f}")
    assert dann[2].startswith(f"{by_method['dann']['svm_accuracy']:.4f}")
    assert dann[3] == "0.8149 (57.9 %)"
    assert {file.name for file in tmp_path.glob("table_*")} == {
        "table_1.md",
        "table_1.csv",
        "table_1.png",
    }


@pytest.mark.parametrize(
    ("experiment", "preset"),
    [
        (mnist_to_mnist_m, "paper"),
        (mnist_to_svhn, "quick"),
        (svhn_to_mnist, "tuned"),
        (syn_numbers_to_svhn, "quick"),
        (syn_signs_to_gtsrb, "tuned"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_every_program_trains_dann(experiment, preset, tmp_path):
    found = experiment.main(
        [
            *("--preset", preset, "--batch-size", "32", "--epochs", "1"),
            *("--methods", "dann", "--output", str(tmp_path)),
        ]
    )
    assert [m["method"] for m in found] == ["dann"]
    assert set(experiment.EXPERIMENT.presets) == {"paper", "tuned", "quick"}
    config = json.loads(next(tmp_path.glob("*/*/config.json")).read_text())
    expected = dataclasses.asdict(experiment.EXPERIMENT.presets[preset])
    assert config["settings"] == expected | {"batch_size": 32, "epochs": 1}


@pytest.mark.parametrize("name", ["paper", "small", "deep"])
def test_every_network_takes_the_domains(name):
    domains = syn_numbers_to_svhn.load(
        results.Options(), results.Settings(), seed=0
    )
    model = syn_numbers_to_svhn.EXPERIMENT.network(
        results.Settings(network=name), domains
    )
    x = domains.target.x[:2]
    assert model.predict(x, verbose=0).shape == (2, 10)
    if name == "paper":
        # What is left of the target's mean colour is black.
        mean = np.empty((1, 32, 32, 3), "float32")
        mean[:] = domains.target.x.mean(axis=(0, 1, 2))
        subtracted = model.target_preprocessing(mean)
        assert np.abs(keras.ops.convert_to_numpy(subtracted)).max() < 1e-4
    else:
        assert model.batch_normalization == "domain_specific"
        # The same layers, cut elsewhere.
        other = syn_numbers_to_svhn.EXPERIMENT.network(
            results.Settings(network=name, features="convolutions"), domains
        )
        dense = {"small": 100, "deep": 256}[name]
        assert model.feature_extractor.output_shape == (None, dense)
        assert other.feature_extractor.output_shape[1] > 4 * dense
        names = [
            [
                layer.name
                for part in (each.feature_extractor, each.label_predictor)
                for layer in part.layers
                if layer.weights
            ]
            for each in (model, other)
        ]
        assert names[0] == names[1]


def test_every_other_method_trains_on_changed_images(tmp_path):
    methods = ["domain_statistics", "ddc", "mmd", "train_on_target"]
    found = mnist_to_mnist_m.main(
        [
            *(*TINY, "--augmentation", "negative", "--epochs", "1"),
            *("--methods", ",".join(methods), "--output", str(tmp_path)),
        ]
    )
    assert [m["method"] for m in found] == methods
    rows = {row["method"]: row for row in history(next(tmp_path.glob("*/*")))}
    assert float(rows["domain_statistics"]["domain_accuracy"]) >= 0
    assert float(rows["mmd"]["domain_loss"]) > 0
    for flag, only, value in (
        ("augmentation", "none", "light"),
        ("normalization", "none", "image"),
        ("features", "dense", "convolutions"),
    ):
        with pytest.raises(SystemExit, match=f"--{flag}: expected {only} with"):
            mnist_to_mnist_m.main(["--preset", "paper", f"--{flag}", value])


def test_images_are_changed_in_training_alone():
    images = np.full((64, 28, 28, 3), 40, "uint8")
    layer = augmentation("negative", "of_source")
    np.testing.assert_array_equal(layer(images, training=False), images)
    changed = keras.ops.convert_to_numpy(layer(images, training=True))
    mean = changed.mean(axis=(1, 2, 3))
    # Brightness moves by 0.2 * 255 at most: what is far away is a negative.
    assert 12 < (mean > 128).sum() < 52
    assert len(np.unique(mean.round(3))) > 32
    light = augmentation("light", "of_source")
    changed = keras.ops.convert_to_numpy(light(images, training=True))
    assert changed.max() < 128


@pytest.mark.parametrize("network", ["small", "deep"])
def test_normalized_images_have_no_brightness_contrast_and_colour(network):
    settings = results.Settings(network=network, normalization="image")
    data = syn_numbers_to_svhn.load(results.Options(), settings, seed=0)
    model = syn_numbers_to_svhn.EXPERIMENT.network(settings, data)
    plain = syn_numbers_to_svhn.EXPERIMENT.network(
        results.Settings(network=network), data
    )
    images = data.target.x[:2].astype("float32")
    # Another brightness and contrast in each channel.
    changed = images * np.array([0.8, 0.5, 0.9]) + np.array([40.0, 90.0, 9.0])
    layer = model.feature_extractor.get_layer("instance_normalization")
    normalized = keras.ops.convert_to_numpy(layer(images))
    expected = images - images.mean((1, 2), keepdims=True)
    # The layer's epsilon is small beside what the images have.
    expected /= images.std((1, 2), keepdims=True)
    np.testing.assert_allclose(normalized, expected, atol=0.1)
    moved = [
        np.abs(
            each.feature_extractor.predict(images, verbose=0)
            - each.feature_extractor.predict(changed, verbose=0)
        ).max()
        for each in (model, plain)
    ]
    assert moved[0] < 0.3 * moved[1]
    assert model.count_params() == plain.count_params()


def test_semi_supervised_has_four_settings(tmp_path, monkeypatch):
    arguments = [*TINY, "--output", str(tmp_path)]
    with pytest.raises(SystemExit, match="--images: expected at least 1280"):
        semi_supervised_signs.main(arguments)
    monkeypatch.setattr(semi_supervised_signs, "LABELLED", 128)
    found = semi_supervised_signs.main(
        [*TINY, "--epochs", "1", "--output", str(tmp_path)]
    )
    assert [m["method"] for m in found] == [
        "source_only",
        "labelled_target_only",
        "source_and_labelled_target",
        "semi_supervised_dann",
    ]


def test_office_on_features_that_are_computed_once(tmp_path):
    found = office.main(
        [
            *("--epochs", "2", "--batch-size", "8", "--pairs", "dslr_webcam"),
            *("--methods", "source_only,gfk,subspace_alignment,ddc,dann"),
            *("--seeds", "2", "--output", str(tmp_path)),
            *("--weights", "random"),
        ]
    )
    metrics = found["dslr_webcam"]
    assert [(m["method"], m["seed"]) for m in metrics[:2]] == [
        ("source_only", 0),
        ("source_only", 1),
    ]
    made = tables.main(["--results", str(tmp_path), "--output", str(tmp_path)])
    header, *rows = made["table_2"]
    assert header[3] == "OFFICE: Dslr → Webcam, paper"
    assert ["DANN", "0.9400"] in [[row[0], row[3]] for row in rows]
    # Without labels of the target nobody knows the gap.
    assert "%" not in rows[-1][1] and "±" in rows[-1][1]
    config = next(tmp_path.glob("*/*/config.json"))
    assert json.loads(config.read_text())["weights"] == "random"


def test_office_trains_the_last_fire_module(tmp_path):
    found = office.main(
        [
            *("--network", "deep", "--epochs", "1", "--batch-size", "8"),
            *("--pairs", "dslr_webcam", "--methods", "source_only,dann"),
            *("--weights", "random", "--output", str(tmp_path)),
        ]
    )
    assert [m["method"] for m in found["dslr_webcam"]] == [
        "source_only",
        "dann",
    ]
    folder = next(tmp_path.glob("*/*"))
    # Activations are no pictures.
    assert not (folder / "figures" / "examples.png").exists()
    options = office.OfficeOptions(weights="random")
    settings = office.Settings(network="deep")
    data = office.load("dslr_webcam", options, settings, seed=0)
    assert data.target.x.shape == (20, 13, 13, 512)
    model = office.network(options, settings, data)
    trained = {variable.path for variable in model.trainable_variables}
    assert sum("fire9_" in path for path in trained) == 6
    # What is computed once and what is trained are the whole network.
    keras.utils.set_random_seed(0)
    squeezenet = office.architectures.SqueezeNet()
    images = np.full((1, 227, 227, 3), 99, "uint8")
    activations = office._frozen(squeezenet, "deep").predict(images, verbose=0)
    for layer in office._last_fire(squeezenet)[:2]:
        activations = layer(activations)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(activations),
        office._frozen(squeezenet, "small").predict(images, verbose=0),
        rtol=1e-4,
        atol=1e-5,
    )


def test_office_samples_and_keeps_the_rest(tmp_path):
    options = office.OfficeOptions(weights="random")
    settings = office.PRESETS["paper"]
    data = office.load("webcam_dslr", options, settings, seed=1)
    assert data.source.x.shape == (16, 227, 227, 3)
    assert sorted(data.source.y.tolist()) == [0] * 8 + [1] * 8
    assert data.source.x_test.shape == (4, 227, 227, 3)
    # All of the target is trained on without labels, and tested on.
    assert data.target.x is data.target.x_test and len(data.target.x) == 20
    with pytest.raises(SystemExit, match="--pairs: expected some of amazon_w"):
        office.main(["--weights", "random", "--pairs", "amazon_dslr"])
    with pytest.raises(SystemExit, match="--weights: expected the file"):
        office.main([])
    with pytest.raises(
        SystemExit, match="--augmentation: expected none with O"
    ):
        office.main(["--weights", "random", "--augmentation", "light"])
    with pytest.raises(SystemExit, match="--images: expected 0 with OFFICE"):
        office.main(["--weights", "random", "--images", "5"])
    with pytest.raises(SystemExit, match="found no file 'squeeze"):
        office.main(["--weights", "squeezenet.npz"])


COMPARED = {"loss", "domain_loss", "adaptation_factor", "learning_rate"}
KILLED = """
import os, pytest, signal
import tests.conftest  # as many threads as here: sums are rounded alike
from applications import mnist_to_mnist_m
from applications.runner import methods
from applications.runner.training import Checkpoint
from tests.applications import small_sets

small_sets.put_in_place(pytest.MonkeyPatch())
Checkpoint.seconds_between = 0.0
written = Checkpoint.on_epoch_end

def killed(self, epoch, logs=None):
    written(self, epoch, logs)
    if {method!r} in str(self._folder) and epoch == 1:
        os.kill(os.getpid(), signal.SIGKILL)

Checkpoint.on_epoch_end = killed
mnist_to_mnist_m.main({arguments!r})
"""


@pytest.mark.parametrize("method", ["source_only", "dann"])
def test_a_killed_run_goes_on_as_if_it_had_not_been(method, tmp_path, capfd):
    arguments = [*TINY, "--methods", method, "--epochs", "4"]
    killed = [*arguments, "--output", str(tmp_path / "killed")]
    process = run_python(KILLED.format(arguments=killed, method=method))
    assert process.returncode == -9, process.stderr
    run = next((tmp_path / "killed").glob("*/*/runs")) / f"{method}-0"
    assert not (run / "metrics.json").exists()
    assert (run / "checkpoint").exists()
    mnist_to_mnist_m.main(killed)
    assert "seed 0: goes on after epoch 2" in capfd.readouterr().out
    assert not (run / "checkpoint").exists()
    mnist_to_mnist_m.main([*arguments, "--output", str(tmp_path / "whole")])
    whole = next((tmp_path / "whole").glob("*/*/runs")) / f"{method}-0"
    # Dropout, batch normalisation, order and λ go on where they were. No
    # accuracy is compared, which may jump by a sample's share for a rounding.
    for resumed, uninterrupted in zip(
        history(run), history(whole), strict=True
    ):
        assert resumed.keys() == uninterrupted.keys()
        for key in resumed.keys() & COMPARED:
            assert float(resumed[key]) == pytest.approx(
                float(uninterrupted[key]), rel=1e-3
            ), key


def test_a_checkpoint_that_was_not_finished_is_not_used(tmp_path):
    (tmp_path / "unfinished.npz").write_bytes(b"half")
    (tmp_path / "epoch-00007.npz").write_bytes(b"whole, but no history")
    (tmp_path / "epoch-00008.json.unfinished").write_text("{")
    assert Checkpoint(tmp_path).epoch == 0


def test_other_settings_do_not_overwrite_results(tmp_path, monkeypatch):
    folder = tmp_path / "mnist_to_mnist_m" / "quick-x"
    folder.mkdir(parents=True)
    settings = mnist_to_mnist_m.EXPERIMENT.presets["quick"]
    options = results.Options(name="quick-x", output=str(tmp_path))
    results.Folder.of(mnist_to_mnist_m.EXPERIMENT, options, settings)
    (folder / "runs").mkdir()
    with pytest.raises(SystemExit) as stopped:
        mnist_to_mnist_m.main(
            ["--epochs", "3", "--name", "quick-x", "--output", str(tmp_path)]
        )
    message = str(stopped.value)
    assert "has results of other settings (epochs: " in message
    assert "now 3) and is not overwritten" in message
    assert "--name quick-x-2" in message


def test_other_images_do_not_join_results(tmp_path):
    settings = results.Settings()
    data = mnist_to_mnist_m.load(results.Options(), settings, seed=0)
    run = tmp_path / "runs" / "source_only-0"
    run.mkdir(parents=True)
    (run / "metrics.json").write_text(
        json.dumps(
            {
                "method": "source_only",
                "seed": 0,
                "images": {
                    "source": {"train": 96, "test": 48},
                    "target": {"train": 96, "test": 48},
                },
            }
        )
    )
    folder = results.Folder(tmp_path)
    folder.check_images(data)
    # As from another --data-dir, with a part of the set.
    part = dataclasses.replace(data, target=data.target.first(64))
    with pytest.raises(SystemExit) as stopped:
        folder.check_images(part)
    message = str(stopped.value.code)
    assert "has results of other images" in message
    assert "'train': 96" in message and "'train': 64" in message


def test_results_from_before_a_setting_existed_are_gone_on_with(tmp_path):
    experiment = mnist_to_mnist_m.EXPERIMENT
    options = results.Options(name="old", output=str(tmp_path))
    settings = results.Settings(network="small")
    folder = results.Folder.of(experiment, options, settings)
    (folder.path / "runs").mkdir()
    config = json.loads((folder.path / "config.json").read_text())
    del config["settings"]["normalization"]
    (folder.path / "config.json").write_text(json.dumps(config))
    results.Folder.of(experiment, options, settings)
    other = results.Settings(network="small", normalization="image")
    with pytest.raises(SystemExit, match="normalization: none, now image"):
        results.Folder.of(experiment, options, other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "best"], "--preset: expected one of paper, tuned, quick"),
        (["--methods", "gfk"], "--methods: expected some of source_only, "),
        (["--methods", "dann,"], "--methods: expected different words"),
        (["--annealing", "maybe"], "--annealing: expected yes or no"),
        (["--network", "vgg"], "--network: expected one of paper, small"),
        (
            ["--domain-loss-weight", "-1"],
            "expected a finite number, at least 0",
        ),
        (["--batch-size", "3"], "--batch-size: expected an even number"),
    ],
)
def test_a_wrong_option_gets_one_clear_line(
    arguments, message, tmp_path, capsys
):
    with pytest.raises(SystemExit) as stopped:
        mnist_to_mnist_m.main([*arguments, "--output", str(tmp_path)])
    text = capsys.readouterr().err or str(stopped.value.code)
    assert message in text and len(text.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_data_that_cannot_be_had_get_one_clear_line(tmp_path, monkeypatch):
    from applications.runner import domains

    def missing(*args):
        raise OSError("mnist cannot be downloaded")

    monkeypatch.setattr(domains, "_load", missing)
    with pytest.raises(SystemExit, match="mnist cannot be downloaded"):
        mnist_to_mnist_m.main([*TINY, "--output", str(tmp_path)])


def test_a_training_that_diverges_is_reported(tmp_path):
    found, aligned = mnist_to_mnist_m.main(
        [
            *("--methods", "subspace_alignment", "--epochs", "2", *TINY),
            *("--optimizer", "sgd", "--learning-rate", "1e30"),
            *("--network", "paper", "--output", str(tmp_path)),
        ]
    )
    # Of what is no number ReLU makes 0 on TensorFlow's CPU: features are equal
    # there, and no domain can be told from another.
    assert (found["svm_accuracy"] or 0) < 0.5
    assert found["domain_error"] in (None, 0.5)
    assert found["accuracy"] < 0.5
    assert aligned["selected"] is None


def test_more_images_than_a_set_has_are_all_of_them():
    many = mnist_to_mnist_m.load(
        results.Options(), results.Settings(images=10**6), seed=0
    )
    few = mnist_to_mnist_m.load(
        results.Options(), results.Settings(images=10), seed=0
    )
    assert len(many.source.x) == len(many.target.x) == 96
    assert len(few.source.x) == len(few.target.y) == 10
    np.testing.assert_array_equal(few.source.x, many.source.x[:10])


def test_fewer_images_than_half_a_batch_get_one_clear_line(tmp_path):
    with pytest.raises(SystemExit) as stopped:
        mnist_to_mnist_m.main(
            [*TINY, "--images", "10", "--output", str(tmp_path)]
        )
    assert str(stopped.value.code) == (
        "error: --batch-size: expected at most 20, twice the 10 training "
        "images of a domain, received 32"
    )


@pytest.mark.parametrize(
    ("experiment", "name"),
    [(syn_signs_to_gtsrb, "syn_signs"), (syn_numbers_to_svhn, "syn_numbers")],
)
def test_of_drawn_sets_too_at_most_so_many_are_read(
    experiment, name, monkeypatch
):
    from applications.runner import domains

    asked = []

    def split(options, name, images=0, **parts):
        asked.append((name, parts.get("train")))
        return Split(*np.zeros((4, 1)))

    # By the name under which every caller finds it.
    monkeypatch.setattr(domains, "split", split)
    for images in (7, 10**6):
        settings = results.Settings(images=images)
        experiment.load(results.Options(), settings, seed=0)
    drawn = [each for each in asked if each[0].startswith(name)]
    assert drawn == [(f"{name}/small", "train[:7]"), (name, "train")]


def test_the_gap_is_of_seeds_that_were_measured_in_all():
    def run(method, seed, accuracy, svm):
        return {
            "method": method,
            "seed": seed,
            "accuracy": accuracy,
            "svm_accuracy": svm,
        }

    metrics = [
        *(run("source_only", seed, 0.2 * seed, 0.1) for seed in (0, 1)),
        *(run("train_on_target", seed, 0.8, 0.9) for seed in (0, 1, 2)),
        run("dann", 0, 0.4, 0.5),
        run("dann", 1, 0.5, None),  # has diverged
        run("subspace_alignment", 0, None, 0.3),
    ]
    share = results.gap_covered(metrics, "dann")
    assert share == pytest.approx((0.45 - 0.1) / (0.8 - 0.1))
    assert results.gap_covered(metrics, "dann", svm=True) == pytest.approx(0.5)
    # A linear SVM is compared with linear SVMs alone.
    assert results.gap_covered(metrics, "subspace_alignment") is None
    aligned = results.gap_covered(metrics, "subspace_alignment", svm=True)
    assert aligned == pytest.approx(0.25)
    row = results.table(mnist_to_mnist_m.EXPERIMENT, metrics)[3]
    assert row[0] == "DANN" and row[5] == "0.5000 (1 of 2 seeds)"


def test_tables_want_results(tmp_path):
    with pytest.raises(SystemExit, match="expected results of an experiment"):
        tables.main(["--results", str(tmp_path)])
    with pytest.raises(SystemExit, match="expected a folder"):
        tables.main(["--results", str(tmp_path / "nothing")])


def test_tables_have_each_run_and_the_paper_once(tmp_path):
    for name, accuracies in (
        ("few", {"source_only": 0.5, "dann": 0.8, "train_on_target": 0.9}),
        ("more", {"source_only": 0.6, "mmd": 0.7}),
    ):
        folder = tmp_path / "svhn_to_mnist" / name
        folder.mkdir(parents=True)
        metrics = [
            {"method": method, "seed": seed, "accuracy": accuracy + seed / 10}
            | {"svm_accuracy": accuracy}
            for method, accuracy in accuracies.items()
            for seed in range(2)
        ]
        (folder / "metrics.json").write_text(json.dumps(metrics))
    made = tables.main(["--results", str(tmp_path), "--output", str(tmp_path)])
    assert made["table_1"] == [
        [
            "method",
            "SVHN → MNIST, few",
            "SVHN → MNIST, few, linear SVM",
            "SVHN → MNIST, more",
            "SVHN → MNIST, more, linear SVM",
            "SVHN → MNIST, paper",
        ],
        [
            "source only",
            "0.5500 ± 0.0500",
            "0.5000 ± 0.0000",
            "0.6500 ± 0.0500",
            "0.6000 ± 0.0000",
            "0.5919",
        ],
        ["MMD", "–", "–", "0.7500 ± 0.0500", "0.7000 ± 0.0000", "–"],
        [
            "DANN",
            "0.8500 ± 0.0500 (75.0 %)",
            "0.8000 ± 0.0000 (75.0 %)",
            "–",
            "–",
            "0.7107 (29.5 %)",
        ],
        [
            "train on target",
            "0.9500 ± 0.0500",
            "0.9000 ± 0.0000",
            "–",
            "–",
            "0.9951",
        ],
    ]


def test_help_says_what_each_preset_sets(capsys):
    with pytest.raises(SystemExit):
        mnist_to_mnist_m.main(["--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "paper (paper), small (tuned), small (quick)" in words
    assert "yes (paper), yes (tuned)" in words
    assert "Methods: source_only, domain_statistics, " in words


def test_share_of_the_gap_is_of_the_means():
    metrics = [
        {"method": method, "seed": seed, "accuracy": accuracy}
        for method, accuracies in {
            "source_only": (0.5, 0.6),
            "dann": (0.7, 0.8, 0.1),
            "train_on_target": (0.9, 1.0),
        }.items()
        for seed, accuracy in enumerate(accuracies)
    ]
    # Seed 2 has no bounds to be compared with.
    assert results.gap_covered(metrics, "dann") == pytest.approx(0.5)
    assert results.gap_covered(metrics[:5], "dann") is None
    assert results.gap_covered(metrics, "dann", svm=True) is None
    for each in metrics:
        each["svm_accuracy"] = each["accuracy"] ** 2
    # (.565 - .305) / (.905 - .305)
    svm = results.gap_covered(metrics, "dann", svm=True)
    assert svm == pytest.approx(0.26 / 0.6)
    assert results.cell([0.7, 0.8]) == "0.7500 ± 0.0500"
    published = mnist_to_mnist_m.EXPERIMENT.published
    assert results.published_share(published, "dann") == "57.9 %"


def test_batches_walk_through_all_samples():
    x = np.arange(10)
    batches = Batches(x, x, batch_size=4, steps=5, seed=0)
    batches.on_epoch_begin()
    seen = np.concatenate([batches[i][0] for i in range(batches.num_batches)])
    # Two passes, each with every sample once.
    np.testing.assert_array_equal(np.sort(seen[:10]), x)
    np.testing.assert_array_equal(np.sort(seen[10:]), x)
    batches.set_epoch(3)
    batches.on_epoch_begin()
    later = batches[0][0]
    other = Batches(x, x, batch_size=4, steps=5, seed=0)
    other.set_epoch(3)
    other.on_epoch_begin()
    np.testing.assert_array_equal(other[0][0], later)
