"""What anybody may do who can push: move the bot's own refs by hand, to whatever they like."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

from tests.world import World

Fields = dict[str, Any]


def forge(world: World, ref: str, change: Callable[[Fields], None]) -> str:
    """A commit on top of what stands there, with some of its fields changed; its message and author are copied from the bot's own."""
    (name,) = world.git("ls-tree", "--name-only", ref).split()
    fields: Fields = json.loads(world.git("show", f"{ref}:{name}"))
    change(fields)
    return put(world, ref, {name: json.dumps(fields)}, message=world.git("log", "-1", "--format=%B", ref), parent=ref)


def put(world: World, ref: str, files: dict[str, str], *, message: str = "x", parent: str | None = None) -> str:
    """The ref now stands on a commit of these files; the commit."""
    listing = "".join(f"100644 blob {_piped(world, text, 'hash-object', '-w', '--stdin')}\t{name}\n" for name, text in files.items())
    tree = _piped(world, listing, "mktree")
    parents = ["-p", world.git("rev-parse", parent)] if parent else []
    commit = _piped(world, message, "-c", "user.name=mallory", "-c", "user.email=m@example.org", "commit-tree", tree, *parents)
    world.git("update-ref", ref, commit)
    return commit


def _piped(world: World, text: str, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=world.bare, input=text, check=True, capture_output=True, text=True)
    return done.stdout.strip()
