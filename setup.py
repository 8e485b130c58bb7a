"""The README for a package index; all else is in pyproject.toml.

A relative link leads nowhere there. With `Repository` in `[project.urls]` links
become absolute; without it their text remains.
"""

import re
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def readable_anywhere(readme: str, repository: str | None) -> str:
    """`readme` without relative links, except in its code."""

    def link(found: re.Match[str]) -> str:
        image, text, target = found.groups()
        if re.match(r"[a-z]+:", target):
            return found[0]
        if repository is None:
            return "" if image else text
        if target.startswith("#"):
            target = f"README.md{target}"
        folder = "raw" if image else "blob"
        return f"{image}[{text}]({repository}/{folder}/main/{target})"

    parts = re.split(r"(^```.*?^```)", readme, flags=re.M | re.S)
    parts[::2] = [LINK.sub(link, part) for part in parts[::2]]
    return "".join(parts)


if __name__ == "__main__":
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "urls"
    ]
    setup(
        long_description=readable_anywhere(
            (ROOT / "README.md").read_text(), urls.get("Repository")
        ),
        long_description_content_type="text/markdown",
    )
