"""Mutants of the documentation, of public names and of untrusted files."""

from tests.mutants import mutants

SITE = "tests/developers/test_site.py"

MUTANTS = [
    *mutants(
        "docs/conf.py",
        SITE,
        ('release.split(".")[:2]', 'release.split(".")[:3]', "test_versions"),
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
