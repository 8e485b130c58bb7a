"""Mutants of what users pass to models: labels, arguments, columns, files."""

from tests.mutants import mutants

LABELS = "tests/models/test_labels.py"
LABELS_IN_USE = "tests/models/test_labels_in_use.py"
ARGUMENTS = "tests/models/test_arguments.py"
COLUMNS = "tests/models/test_columns.py"
EVALUATIONS = "tests/models/test_evaluations.py"
OPTIMIZERS = "tests/models/test_optimizers.py"
TRACEABLE = "tests/schedules/test_traceable.py"

MUTANTS = [
    *mutants(
        "keras_grl/models/label_kinds.py",
        LABELS,
        (
            "np.abs(sums - 1.0) > _ROUNDING_OF_SUMS",
            "sums - 1.0 > _ROUNDING_OF_SUMS",
            "test_probabilities_that_do_not_sum_to_1",
        ),
        (
            'dtype="float64")',
            "dtype=part.dtype)",
            "test_rounded_probabilities_on_another_axis",
        ),
        (
            "values.ndim == 2 and len(values) > 1 and low == high == 0",
            "False",
            "test_labels_that_are_no_probabilities",
        ),
        (
            "and 1 in (size, each)",
            "",
            "test_shapes_that_match",
        ),
        (
            "if _match(shape, wanted) and same_units:",
            "if _match(shape, wanted):",
            "test_shapes_that_are_broadcast",
        ),
    ),
    *mutants(
        "keras_grl/models/labels.py",
        LABELS,
        (
            "set(with_loss) <= set(labels) <= set(names)",
            "set(labels) <= set(names)",
            "test_labels_in_another_structure",
        ),
        (
            "return len(with_loss) < 2",
            "return False",
            "test_structures_that_are_right",
        ),
    ),
    *mutants(
        "keras_grl/streams/label_arrays.py",
        LABELS_IN_USE,
        (
            "labels.dtype == np.uint64",
            "labels.dtype == np.uint32",
            "test_labels_of_every_form",
        ),
        (
            "return tuple(map(for_every_backend, labels))",
            "return list(map(for_every_backend, labels))",
            "test_labels_of_batches_of_every_form",
        ),
    ),
    *mutants(
        "keras_grl/models/arguments.py",
        ARGUMENTS,
        (
            "shuffle != data.shuffle",
            "shuffle",
            "test_shuffle",
        ),
        (
            "_refuse_arrays(y, sample_weight)",
            "pass",
            "test_labels_and_weights_beside_pairs",
        ),
    ),
    *mutants(
        "keras_grl/models/fitting.py",
        COLUMNS,
        (
            "self.fitted_columns = Columns()",
            "return x",
            "test_training_on_paired_arrays",
        ),
        (
            'inputs = self._in_order("inputs", inputs)',
            "pass",
            "test_one_domain[plain-call]",
        ),
    ),
    *mutants(
        "keras_grl/models/inputs.py",
        COLUMNS,
        (
            "domain, inputs = batch.one_domain(x)",
            'domain, inputs = "target", x',
            "test_one_domain[source-predict]",
        ),
    ),
    *mutants(
        "keras_grl/models/optimizers.py",
        OPTIMIZERS,
        (
            "if not optimizers or not all",
            "if not all",
            "test_what_is_right",
        ),
        (
            'return "Unknown variable" not in str(error)',
            "return True",
            "test_an_optimizer_of_two_models",
        ),
    ),
    *mutants(
        "keras_grl/models/saving.py",
        "tests/models/test_failed_saves.py",
        (
            'ending == ".keras"',
            'ending in (".keras", ".h5")',
            "test_other_formats_than_keras",
        ),
    ),
    *mutants(
        "keras_grl/paired_dataset.py",
        EVALUATIONS,
        (
            "name: stream.copied() for name",
            "name: stream for name",
            "test_evaluation_does_not_move_the_training_data[datasets]",
        ),
        (
            "            self._epoch = 0\n",
            "            self._epoch += 1\n",
            "test_evaluations_of_one_model",
        ),
    ),
    *mutants(
        "keras_grl/backend/torch.py",
        TRACEABLE,
        (
            'with torch.device("meta"), keras.device("meta"):',
            'with torch.device("meta"):',
            "test_functions_of_numpy_and_python[of ops]",
        ),
        (
            "if any(words in str(error) for words in _NO_VALUE):",
            "if True:",
            "test_a_function_of_the_backend",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/horizon.py",
        TRACEABLE,
        (
            "            check_traceable(name, schedule)\n",
            "            pass\n",
            "test_a_schedule_of_the_optimizer",
        ),
    ),
]
