"""Mutants of several sources: streams, domains, statistics."""

from tests.mutants import mutants

STREAMS = "tests/streams/test_several_sources.py"
MODELS = "tests/models/test_several_sources.py"

MUTANTS = [
    *mutants(
        "keras_grl/streams/names.py",
        STREAMS,
        (
            "return sorted(sources, key=_index)",
            "return sorted(sources)",
            "test_eleven_sources_keep_their_order",
        ),
        (
            "return len(STREAMS) + _index(name)",
            "return len(STREAMS)",
            "test_a_stream_for_each_source",
        ),
    ),
    *mutants(
        "keras_grl/streams/sources.py",
        STREAMS,
        (
            "    _refuse_samples(source)\n    names",
            "    names",
            "test_errors",
        ),
    ),
    *mutants(
        "keras_grl/streams/alike.py",
        STREAMS,
        (
            "for name in (*sources[1:], *target):",
            "for name in target:",
            "test_errors",
        ),
        (
            "if shapes != given[first]:",
            "if False:",
            "test_errors",
        ),
    ),
    *mutants(
        "keras_grl/pairing.py",
        STREAMS,
        (
            "size + (number < rest)",
            "size",
            "test_batch_sizes",
        ),
    ),
    *mutants(
        "keras_grl/methods/several_domains.py",
        MODELS,
        (
            "+ label_smoothing / count",
            "+ label_smoothing / 2",
            "test_a_step_by_hand",
        ),
        (
            "return ops.equal(ops.argmax(logits, axis=-1)",
            "return ops.equal(ops.argmin(logits, axis=-1)",
            "test_a_step_by_hand",
        ),
        (
            "return num_sources + 1",
            "return num_sources",
            "test_the_default_classifier_has_a_logit_for_each_domain",
        ),
    ),
    *mutants(
        "keras_grl/methods/rows.py",
        MODELS,
        (
            "return _joined_parts(x, y, sample_weight, sources_in(x))",
            "return _joined_parts(x, y, sample_weight, labeled_streams(x))",
            "test_labeled_target_samples_are_of_the_last_domain",
        ),
        (
            "return (*self.sources, self.total - self.source)",
            "return (self.source, self.total - self.source)",
            "test_a_step_by_hand",
        ),
    ),
    *mutants(
        "keras_grl/models/running_statistics.py",
        MODELS,
        (
            "start = size * self._sources.index(source)",
            "start = 0",
            "test_each_source_has_its_own_statistics",
        ),
    ),
    *mutants(
        "keras_grl/models/per_domain.py",
        MODELS,
        (
            'return getattr(self, f"{domain}_preprocessing", None)',
            'return getattr(self, "source_0_preprocessing", None)',
            "test_each_source_has_its_own_statistics",
        ),
    ),
    *mutants(
        "keras_grl/models/batch.py",
        MODELS,
        (
            "if num_sources in (None, received):",
            "if True:",
            "test_errors",
        ),
    ),
    *mutants(
        "keras_grl/models/checks.py",
        MODELS,
        (
            'check_inputs(model, validation, "validation_data")',
            'check_inputs(model, x, "validation_data")',
            "test_other_validation_pairs_are_refused_before_training",
        ),
    ),
]
