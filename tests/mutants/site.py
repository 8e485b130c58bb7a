"""Mutants of the documentation, of public names and of untrusted files."""

from tests.mutants import mutants

SITE = "tests/developers/test_site.py"
EXAMPLES = "tests/test_examples.py"

MUTANTS = [
    *mutants(
        "docs/conf.py",
        SITE,
        ('release.split(".")[:2]', 'release.split(".")[:3]', "test_versions"),
        (', "docs/examples/*.ipynb"', "", "test_every_page_is_built"),
    ),
    *mutants(
        "docs/docstrings.py",
        SITE,
        (
            'lines[0].replace(": ", ", ", 1)',
            "lines[0]",
            "test_a_property_keeps_what_is_before_its_colon",
        ),
        (
            "list(found.parameters.values())[1:]",
            "list(found.parameters.values())",
            "test_signatures",
        ),
        ("if number == 1:", "if number == 9:", "test_examples_of_the_script"),
    ),
    *mutants(
        "docs/examples/execute.py",
        EXAMPLES,
        (
            'each.get("name") != "stderr"',
            "True",
            "test_what_changes_from_run_to_run_is_removed",
        ),
        (
            'cell["metadata"].pop("execution", None)',
            "pass",
            "test_what_changes_from_run_to_run_is_removed",
        ),
        (
            'line.partition("<br>")[0]',
            "line",
            "test_numbers_are_put_into_the_table",
        ),
        ("(?P<adapted>", "over (?P<adapted>", "test_runs_from_top_to_bottom"),
    ),
    *mutants(
        "docs/examples/few_labels.ipynb",
        EXAMPLES,
        ("(x[:10], y[:10])", "(x[:9], y[:10])", "test_runs_from_top_to_bottom"),
        ("epochs = 60", "epochs = 6 * 10", "test_form"),
    ),
    *mutants(
        "docs/examples/index.md",
        EXAMPLES,
        (
            "[Regression](regression.ipynb)",
            "Regression",
            "test_the_table_is_that_of_the_runs",
        ),
    ),
    *mutants(
        "docs/examples/keras_io/domain_adversarial_training.py",
        EXAMPLES,
        (
            "Accelerator: None\n",
            "",
            "test_the_form_of_the_example_for_keras_io",
        ),
    ),
    *mutants(
        "docs/index.md",
        SITE,
        (
            "\ncommand\n",
            "\n",
            "test_every_page_is_in_one_table_of_contents",
        ),
    ),
    *mutants(
        "keras_grl/schedules/ramps.py",
        SITE,
        (
            "ops.tanh(0.5 * self.gamma * p)",
            "ops.tanh(self.gamma * p)",
            "test_quoted_lines_are_those_of_the_package",
        ),
    ),
    *mutants(
        "keras_grl/methods/__init__.py",
        "tests/test_public_names.py",
        (
            '__all__ = ["CDAN", "DANN",',
            '__all__ = ["DANN",',
            "test_the_list_of_public_names",
        ),
    ),
    *mutants(
        "keras_grl/callbacks/checkpoint.py",
        "tests/test_untrusted_files.py",
        (
            "np.load(raw) as file",
            "np.load(raw, allow_pickle=True) as file",
            "test_a_bomb_in_a_checkpoint_does_not_go_off",
        ),
    ),
]
