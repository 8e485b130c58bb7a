"""What a release is made of: workflows, promised versions, README, sdist."""

import re
import runpy
import tomllib

import pytest

from tests.testing import ROOT

yaml = pytest.importorskip("yaml")
pytestmark = pytest.mark.backend_free

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BACKENDS = ["tensorflow", "jax", "torch"]


def jobs(path):
    return yaml.safe_load(path.read_text())["jobs"]


def commands(path):
    """The shell commands of a workflow."""
    return [
        step["run"]
        for job in jobs(path).values()
        for step in job.get("steps", [])
        if "run" in step
    ]


def goals():
    """The names that `make` knows."""
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    phony = re.findall(r"^\.PHONY:(.*)$", text, flags=re.MULTILINE)
    return set(" ".join(phony).split())


def promised():
    """{package: oldest version} of keras-grl and its backends."""
    extras = PROJECT["optional-dependencies"]
    needed = [*PROJECT["dependencies"], *(extras[b][0] for b in BACKENDS)]
    return dict(re.findall(r"^([\w-]+)>=(\S+)$", "\n".join(needed), re.M))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_what_make_knows(path):
    # YAML 1.1 reads the key `on` as True.
    assert {"name", True, "permissions", "jobs"} <= set(
        yaml.safe_load(path.read_text())
    )
    for job in jobs(path).values():
        assert "uses" in job or (job["runs-on"] and job["steps"])
    for command in commands(path):
        if command.startswith("make "):
            # Parts of a matrix: test-${{ matrix.versions }}.
            goal = command.split()[1].split("$")[0]
            assert any(known.startswith(goal) for known in goals()), command


def test_every_backend_is_tested_with_all_versions():
    tests = jobs(ROOT / ".github" / "workflows" / "tests.yml")
    for name in ("suite", "versions"):
        assert tests[name]["strategy"]["matrix"]["backend"] == BACKENDS
    versions = tests["versions"]["strategy"]["matrix"]
    assert versions["versions"] == ["oldest", "newest"]
    assert {"test-oldest", "test-newest"} <= goals()
    (oldest, _newest) = versions["include"]
    assert PROJECT["requires-python"] == f">={oldest['python']}"


def test_only_a_tag_publishes_and_only_what_was_tested():
    publish = jobs(ROOT / ".github" / "workflows" / "package.yml")["publish"]
    assert publish["if"] == "startsWith(github.ref, 'refs/tags/v')"
    assert set(publish["needs"]) == {"build", "tests"}
    assert publish["permissions"] == {"id-token": "write"}


def test_the_oldest_versions_are_the_promised_ones():
    text = (ROOT / "constraints-oldest.txt").read_text()
    tested = dict(re.findall(r"^([\w-]+)==(\S+)$", text, flags=re.MULTILINE))
    assert set(promised()) == {"keras", *BACKENDS}
    for package, oldest in promised().items():
        assert (tested[package] + ".").startswith(oldest + "."), package


def test_forms_and_hooks_are_yaml():
    forms = (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")
    bodies = [yaml.safe_load(path.read_text()).get("body") for path in forms]
    labels = [e["attributes"].get("label") for b in bodies if b for e in b]
    assert "Backend and versions" in labels
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    (local,) = hooks["repos"]
    assert [hook["id"] for hook in local["hooks"]] == [
        "ruff-check",
        "ruff-format",
        "mypy",
    ]


def test_the_sdist_holds_what_the_tests_need():
    lines = (ROOT / "MANIFEST.in").read_text().splitlines()
    grafted = {line.split()[1] for line in lines if line.startswith("graft")}
    included = {
        name
        for line in lines
        if line.startswith("include")
        for name in line.split()[1:]
    }
    folders = {"applications", "benchmarks", "docs", "tests", ".github", ".ci"}
    assert grafted == folders
    # setuptools adds pyproject.toml, setup.py, README.md and LICENSE.
    files = {path.name for path in ROOT.glob("*.md")} - {"README.md"}
    files |= {path.name for path in ROOT.glob("constraints*.txt")}
    assert files | {"Makefile", "CITATION.cff"} <= included


@pytest.mark.parametrize(
    ("readme", "without", "address"),
    [
        ("[a](docs/b.md)", "a", "[a](R/blob/main/docs/b.md)"),
        ("[a](#b)", "a", "[a](R/blob/main/README.md#b)"),
        ("![a](c.png)\n", "\n", "![a](R/raw/main/c.png)\n"),
        ("[a](https://x.y)",) * 3,
        ("```\n[a](b.md)\n```",) * 3,
    ],
)
def test_readme_of_a_package_index(readme, without, address):
    readable = runpy.run_path(str(ROOT / "setup.py"))["readable_anywhere"]
    assert readable(readme, None) == without
    assert readable(readme, "R") == address


def test_no_relative_link_is_left():
    readable = runpy.run_path(str(ROOT / "setup.py"))["readable_anywhere"]
    text = readable((ROOT / "README.md").read_text(), None)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    assert "](http" in prose
    assert not re.search(r"\]\((?!https?:)", prose)


def test_what_messages_install_is_an_extra():
    extras = set(PROJECT["optional-dependencies"])
    for path in (ROOT / "keras_grl").rglob("*.py"):
        for names in re.findall(r"keras-grl\[([\w,]+)\]", path.read_text()):
            assert set(names.split(",")) <= extras, path
    assert PROJECT["optional-dependencies"]["sklearn"] == ["scikit-learn"]
