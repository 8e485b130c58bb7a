"""Mutants of `keras_grl/architectures/`."""

from tests.mutants import mutants

BUILDERS = "tests/architectures/test_builders.py"
ALEXNET = "tests/architectures/test_alexnet.py"
SQUEEZENET = "tests/architectures/test_squeezenet.py"
WEIGHTS = "tests/architectures/test_weights.py"
FILES = "tests/architectures/test_weight_files.py"
LENET = "test_unpadded_convolutions_with_pooling_in_the_papers_order[LeNet]"
GTSRB = "test_unpadded_convolutions_with_pooling_in_the_papers_order[GTSRB]"

MUTANTS = [
    *mutants(
        "keras_grl/architectures/lenet.py",
        BUILDERS,
        ('layers.ReLU(name="relu2")', 'layers.Identity(name="relu2")', LENET),
        (
            "        127.5,\n        name=name,",
            "        128.0,\n        name=name,",
            LENET,
        ),
        (
            'Conv2D(48, 5, name="conv2")',
            'Conv2D(48, 3, name="conv2")',
            "test_as_many_weights_as_in_the_paper[LeNet]",
        ),
    ),
    *mutants(
        "keras_grl/architectures/gtsrb.py",
        BUILDERS,
        (
            ' MaxPooling2D(2, name="pool3")',
            ' layers.AveragePooling2D(2, name="pool3")',
            GTSRB,
        ),
    ),
    *mutants(
        "keras_grl/architectures/svhn.py",
        BUILDERS,
        (
            "constraint([0, 1, 2])",
            "constraint(0)",
            "test_svhn_restricts_the_weights_into_each_unit[0.5]",
        ),
        (
            '*dropped(0.1, "drop_image")',
            '*dropped(0.5, "drop_image")',
            "test_svhn_drops_as_srivastava_et_al",
        ),
        ('layers.ReLU(name="relu3"),', "", "test_svhn"),
        (
            "max_norm: float | None = 4.0,",
            "max_norm: float | None = 3.0,",
            "test_svhn_has_the_max_norm_of_srivastava_et_al",
        ),
    ),
    *mutants(
        "keras_grl/architectures/parts.py",
        BUILDERS,
        (
            "pretrained_scale = 0.1 if pretrained else 1.0",
            "pretrained_scale = 0.1",
            f"{ALEXNET}::test_what_is_not_pretrained_learns_at_full_rate",
        ),
        (
            "domain_classifier((1024, 1024), dropout=0.5)",
            "domain_classifier((1024, 1024))",
            f"{ALEXNET}::"
            "test_the_bottleneck_scales_the_gradient_of_what_is_pretrained",
        ),
        (
            "    if num_classes is not None:",
            "    if False:",
            "test_classes_under_both_names",
        ),
        (
            'domain: MeanSubtraction(value, scale, name=f"{domain}',
            'domain: MeanSubtraction(value, 1.0, name=f"{domain}',
            "test_each_domain_minus_its_own_mean",
        ),
        (
            "if min(pixels) < minimum:",
            "if max(pixels) < minimum:",
            "test_smaller_images_are_refused",
        ),
        (
            'size, activation="relu", name=f"domain_fc{number}"',
            'size, activation="tanh", name=f"domain_fc{number}"',
            "test_svhn",
        ),
    ),
    *mutants(
        "keras_grl/architectures/alexnet.py",
        ALEXNET,
        (
            '"caffe": [123.0, 117.0, 104.0],',
            '"caffe": [104.0, 117.0, 123.0],',
            "test_caffes_weights_give_caffes_outputs",
        ),
        (
            'flipped="conv1" if caffe else None,',
            "flipped=None,",
            "test_caffes_weights_give_caffes_outputs",
        ),
        (
            "groups=groups if caffe else 1,",
            "groups=1,",
            "test_at_227_pixels_the_shapes_are_caffes",
        ),
        (
            'LocalResponseNormalization(5, 1e-4, 0.75, name=f"norm{number}"),',
            "",
            "test_at_227_pixels_the_shapes_are_caffes",
        ),
        (
            "flattened = [*flattened[1:], flattened[0]]",
            "pass",
            "test_rows_of_fc6_are_caffes[channels_first]",
        ),
        (
            'flattened={"fc6": tuple(flattened)},',
            "flattened=None,",
            "test_rows_of_fc6_are_caffes",
        ),
        (
            '"torchvision": [58.395, 57.12, 57.375],',
            '"torchvision": 57.0,',
            "test_torchvisions_weights_give_torchvisions_outputs[100]",
        ),
    ),
    *mutants(
        "keras_grl/architectures/squeezenet.py",
        SQUEEZENET,
        (
            "if number in (4, 8):",
            "if number in (3, 8):",
            "test_at_227_pixels_the_shapes_are_caffes",
        ),
        (
            'flipped="conv1",',
            "flipped=None,",
            "test_published_weights_give_the_published_outputs",
        ),
        (
            "_MEAN = [123.0, 117.0, 104.0]",
            "_MEAN = [104.0, 117.0, 123.0]",
            "test_published_weights_give_the_published_outputs",
        ),
        (
            'x = layers.ZeroPadding2D(1, name="pad10")(x)',
            "",
            "test_at_227_pixels_the_shapes_are_caffes",
        ),
    ),
    *mutants(
        "keras_grl/architectures/weights.py",
        WEIGHTS,
        (
            "values[..., ::-1, :]",
            "values[..., :, ::-1]",
            "test_flipped_takes_the_other_order_of_colors",
        ),
        (
            "if np.isfinite(values).all():",
            "if not np.isnan(values).any():",
            "test_a_file_that_does_not_fit_changes_nothing",
        ),
        (
            "return maps.transpose(1, 2, 0, 3).reshape(kernel.shape)",
            "return maps.transpose(2, 1, 0, 3).reshape(kernel.shape)",
            f"{FILES}::test_every_format_gives_the_function_of_its_network[net.npz]",
        ),
        (
            "        os.remove(path)\n",
            "",
            "test_a_download_with_another_checksum_is_deleted",
        ),
        (
            "if not received.startswith(digest):",
            "if received == digest:",
            "test_a_download_is_checked_and_kept",
        ),
        (
            "    if others:\n",
            "    if False:\n",
            "test_weights_of_another_model_of_keras",
        ),
        (
            "*(optimizer.variables if optimizer else [])",
            "",
            "test_weights_of_another_model_of_keras",
        ),
    ),
    *mutants(
        "keras_grl/architectures/weight_files.py",
        FILES,
        (
            "array.transpose(*axes[2:], *reversed(axes[:2]))",
            "array.transpose(*axes[2:], *axes[:2])",
            "test_every_number_lands_in_its_place[net.npz]",
        ),
        (
            'suffix != ".npy")',
            'suffix == ".npy")',
            "test_every_format_gives_the_function_of_its_network[net.npz]",
        ),
        (
            "shape = shape[2:] if shape[:2] == (1, 1) else shape",
            "pass",
            "test_bytes_of_a_dense_layer_of_caffe",
        ),
        (
            'order="F" if fortran else "C"',
            'order="C"',
            "test_every_number_lands_in_its_place[fortran.npy]",
        ),
        (
            "if (module, name) not in _PICKLED:",
            "if False:",
            "test_a_bomb_in_an_npy_file_does_not_go_off",
        ),
        (
            "weights_only=True",
            "weights_only=False",
            "test_a_bomb_in_a_torch_file_does_not_go_off",
        ),
        (
            "allow_pickle=False",
            "allow_pickle=True",
            "test_pickled_objects_of_an_npz_file_are_refused",
        ),
    ),
]
