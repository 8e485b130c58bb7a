"""Mutants of what a release is made of."""

from tests.mutants import mutants

RELEASE = "tests/developers/test_release.py"

MUTANTS = [
    *mutants(
        "setup.py",
        RELEASE,
        (
            'r"[a-z]+:", target',
            'r"[a-z]+", target',
            "test_readme_of_a_package_index",
            "test_no_relative_link_is_left",
        ),
        (
            '"raw" if image else "blob"',
            '"blob"',
            "test_readme_of_a_package_index",
        ),
        ("parts[::2] = [", "parts[:] = [", "test_readme_of_a_package_index"),
    ),
    *mutants(
        "constraints-oldest.txt",
        RELEASE,
        (
            "keras==3.14.0",
            "keras==3.15.0",
            "test_the_oldest_versions_are_the_promised_ones",
        ),
    ),
    *mutants(
        "MANIFEST.in",
        RELEASE,
        ("graft tests\n", "", "test_the_sdist_holds_what_the_tests_need"),
    ),
    *mutants(
        ".github/workflows/package.yml",
        RELEASE,
        (
            "needs: [build, tests]",
            "needs: [build]",
            "test_only_a_tag_publishes_and_only_what_was_tested",
        ),
        (
            "run: make package",
            "run: make wheel",
            "test_workflows_run_what_make_knows",
        ),
    ),
    *mutants(
        "tests/versions.py",
        "tests/test_versions.py",
        (
            "[: len(numbers)]",
            "[:1]",
            "test_versions_are_compared_as_numbers",
        ),
        ("return True", "return False", "test_what_is_absent_is_new_enough"),
    ),
    *mutants(
        "keras_grl/commands/beforehand.py",
        "tests/commands/test_check.py",
        (
            "{package.lower()}",
            "{command}",
            "test_what_is_not_installed_gets_one_line",
        ),
    ),
]
