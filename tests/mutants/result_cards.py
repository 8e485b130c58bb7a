"""Faults of result cards: precision, size, accuracies, what a card says."""

from tests.mutants import mutants

_TESTS = "tests/applications/test_result_card.py"

MUTANTS = [
    *mutants(
        "applications/result_card.py",
        _TESTS,
        (
            'in_precision(model.classifier, "float16")',
            "model.classifier",
            "test_what_the_program_writes",
        ),
        (
            "    copy.set_weights(model.get_weights())\n",
            "",
            "test_what_the_program_writes",
        ),
        (
            "if size > MOST_BYTES:",
            "if size < MOST_BYTES:",
            "test_a_model_that_is_too_large",
            "test_what_the_program_writes",
        ),
        (
            'runs.glob("*/model.keras")',
            'runs.glob("*/metrics.json")',
            "test_results_that_have_no_such_model",
        ),
        (
            'if keras.backend.backend() != trained["backend"]:',
            "if not keras.backend.backend():",
            "test_results_that_no_card_is_made_of",
        ),
        (
            'if "_to_" not in found.name:',
            "if not found.name:",
            "test_results_that_no_card_is_made_of",
        ),
        (
            "target = domains.target",
            "target = domains.source",
            "test_a_measured_file",
        ),
        (
            '"accuracy_of_part": float(right[:PART].mean()),',
            '"accuracy_of_part": float(right.mean()),',
            "test_a_measured_file",
        ),
        (
            '"part": len(right[:PART]),',
            '"part": PART,',
            "test_what_the_program_writes",
        ),
        (
            "[:, :height]",
            "",
            "test_patterns",
        ),
    ),
    *mutants(
        "applications/runner/card.py",
        _TESTS,
        (
            'compared = ("source_only", method, "train_on_target")',
            'compared = ("source_only", "coral", method, "train_on_target")',
            "test_what_the_program_writes",
        ),
        (
            'runs = [m for m in facts["runs"] if m["seed"] == facts["seed"]]',
            'runs = facts["runs"]',
            "test_a_card_of_several_seeds",
        ),
        (
            "for name in BOUNDS if name not in run]",
            "for name in BOUNDS if name in run]",
            "test_what_the_program_writes",
            "test_a_card_of_several_seeds",
        ),
        (
            'zip(("source", "target"), names, strict=True)',
            'zip(("target", "source"), names, strict=True)',
            "test_what_the_program_writes",
        ),
        (
            '    held = re.sub(r"(--\\S+) "',
            '    held = re.sub(r"(--\\d+) "',
            "test_a_card_of_several_seeds",
        ),
        (
            "if dataset.generator else",
            "if not dataset.generator else",
            "test_a_card_of_several_seeds",
        ),
    ),
]
