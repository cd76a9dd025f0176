"""Who looks after a file, by GitHub's own examples."""

from __future__ import annotations

import pytest

from bot.core.evidence.codeowners import owners_of

TEXT = """\
# comment
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* @docs-owner
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/github
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("global-owner1", "global-owner2")),
        ("src/a.js", ("js-owner",)),
        ("a.go", ()),
        ("deep/down/a.txt", ("octo-org/octocats",)),
        ("build/logs/today/x", ("octocat",)),
        ("docs/deep/a.md", ("doctocat",)),
        ("my/docs/a.md", ("global-owner1", "global-owner2")),
        ("my/apps/a.py", ("octocat",)),
        ("apps/github/a.py", ()),
        ("scripts/run", ("doctocat", "octocat")),
        ("deeply/nested/logs/a", ("octocat",)),
    ],
)
def test_the_last_line_that_fits_decides(path: str, owners: tuple[str, ...]) -> None:
    assert owners_of(TEXT, [path]) == owners


def test_a_star_after_a_slash_is_one_level_and_a_directory_all_of_it() -> None:
    assert owners_of("docs/* @ann", ["docs/a.md"]) == ("ann",)
    assert owners_of("docs/* @ann", ["docs/deep/a.md"]) == ()
    assert owners_of("docs @ann", ["docs/deep/a.md", "my/docs/b.md"]) == ("ann",)


def test_owners_of_several_files_are_told_once_each() -> None:
    assert owners_of("*.py @ann @bea\n*.md @ann", ["a.py", "b.md", "c.py"]) == ("ann", "bea")
