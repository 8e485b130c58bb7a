"""Small files in the official formats, made here."""

import bz2
import io
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest

tfds = pytest.importorskip("tensorflow_datasets")
pillow = pytest.importorskip("PIL.Image")

# Those of this module never are.
not_official = pytest.mark.filterwarnings("ignore:.* is not the official")


def photograph(height=60, width=70, seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, size=(height, width, 3), dtype="uint8")


def encoded(image, kind):
    file = io.BytesIO()
    options = {"quality": 95} if kind == "jpeg" else {}
    pillow.fromarray(image).save(file, kind, **options)
    return file.getvalue()


EPS = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 18 20\n%%EndComments\n%%EOF\n"
)


def giant(kind):
    """8000 x 8000 pixels, which is within what Pillow itself warns of."""
    if kind == "PPM":
        return b"P6 8000 8000 255\n" + bytes(99)
    small = encoded(np.zeros((16, 16), "uint8"), kind.lower())
    if kind == "PNG":  # the sizes come first, then their checksum
        header = b"IHDR" + struct.pack(">II", 8000, 8000) + small[24:29]
        checksum = struct.pack(">I", zlib.crc32(header))
        return small[:12] + header + checksum + small[33:]
    sizes = small.index(b"\xff\xc0") + 5
    return small[:sizes] + struct.pack(">HH", 8000, 8000) + small[sizes + 4 :]


def write_tar(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def write_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def write_bsds500(folder, photographs=None):
    """By default photographs of one gray each, 100 and more, 200 and more."""
    images = "BSR/BSDS500/data/images"
    photographs = photographs or {
        part: [np.full((40, 50, 3), gray + n, "uint8") for n in range(2)]
        for part, gray in (("train", 100), ("val", 200))
    }
    files = {
        f"{images}/{part}/{number}.jpg": encoded(each, "jpeg")
        for part, all_of_it in photographs.items()
        for number, each in enumerate(all_of_it)
    }
    files[f"{images}/train/Thumbs.db"] = b"not a photograph"
    write_tar(folder / "BSR_bsds500.tgz", files)


def write_mnist(data_dir, train=7, test=5, file_format=None):
    """MNIST as TFDS prepares it: image i has a square of brightness i."""

    with tfds.core.registered.skip_registration():

        class Mnist(tfds.core.GeneratorBasedBuilder):
            VERSION = tfds.core.Version("3.0.1")

            def _info(self):
                return tfds.core.DatasetInfo(
                    builder=self,
                    features=tfds.features.FeaturesDict(
                        {
                            "image": tfds.features.Image(shape=(28, 28, 1)),
                            "label": tfds.features.ClassLabel(num_classes=10),
                        }
                    ),
                    disable_shuffling=True,
                )

            def _split_generators(self, dl_manager):
                return {
                    "train": self._generate_examples(train),
                    "test": self._generate_examples(test),
                }

            def _generate_examples(self, count):
                for number in range(count):
                    image = np.zeros((28, 28, 1), "uint8")
                    image[10:20, 10:20] = number
                    yield number, {"image": image, "label": number % 10}

        builder = Mnist(data_dir=data_dir, file_format=file_format)
        builder.download_and_prepare()


ROWS = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\n"
SIGN = (3, 4, 12, 16)  # left, top, right, bottom


def sign(color):
    """A photograph with a sign of one color on white."""
    image = np.full((20, 18, 3), 255, "uint8")
    left, top, right, bottom = SIGN
    image[top : bottom + 1, left : right + 1] = color
    return image


def row(name, label):
    return ";".join(map(str, (name, 18, 20, *SIGN, label))) + "\n"


def training_files(classes=(0, 7), tracks=2, frames=3):
    """The sign's red is its class, green its track, blue its frame."""
    files = {}
    for label in classes:
        folder = f"GTSRB/Final_Training/Images/{label:05}"
        rows = ROWS
        for track in range(tracks):
            for frame in range(frames):
                name = f"{track:05}_{frame:05}.ppm"
                image = sign((label, track, frame))
                files[f"{folder}/{name}"] = encoded(image, "ppm")
                rows += row(name, label)
        files[f"{folder}/GT-{label:05}.csv"] = rows.encode()
    return files


def write_gtsrb(folder, **kwargs):
    write_zip(
        folder / "GTSRB_Final_Training_Images.zip", training_files(**kwargs)
    )
    test = {
        f"GTSRB/Final_Test/Images/{number:05}.ppm": encoded(
            sign((7, 9, number)), "ppm"
        )
        for number in range(4)
    }
    write_zip(folder / "GTSRB_Final_Test_Images.zip", test)
    rows = ROWS + "".join(row(f"{n:05}.ppm", 7) for n in range(4))
    write_zip(
        folder / "GTSRB_Final_Test_GT.zip", {"GT-final_test.csv": rows.encode()}
    )


def libsvm_line(label, values):
    pairs = " ".join(f"{n}:{value:g}" for n, value in enumerate(values, 1))
    return f"{label} {pairs} \n"


def write_usps(folder):
    """Digit d is class d + 1; pixel n of it has the value (d - n) / 256."""
    for name, digits in (("usps", range(10)), ("usps.t", (7, 3))):
        lines = [
            libsvm_line(digit + 1, (digit - np.arange(256)) / 256)
            for digit in digits
        ]
        packed = bz2.compress("".join(lines).encode())
        (folder / f"{name}.bz2").write_bytes(packed)


def write_office31(folder, classes=("mouse", "mug"), count=3):
    """Photographs of many sizes, of one color for each class."""
    for domain in ("amazon", "dslr", "webcam"):
        for number, name in enumerate(classes):
            images = folder / domain / "images" / name
            images.mkdir(parents=True)
            for frame in range(count):
                image = np.full((30 + frame, 40, 3), 80 * number, "uint8")
                path = images / f"frame_{frame + 1:04}.jpg"
                path.write_bytes(encoded(image, "jpeg"))
