#!/usr/bin/env python3
"""Whether a built package works where nothing but itself is installed; run by that environment's own Python."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bot.hub import seed
from bot.hub.serve import serving
from bot.hub.store.hub import open_hub

PROGRAM = Path(sys.executable).with_name("groundskeeper")


def said(*args: str, cwd: Path, **environment: str) -> str:
    base = {"PATH": os.environ["PATH"], "HOME": str(cwd)}
    done = subprocess.run([PROGRAM, *args], cwd=cwd, env=base | environment, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        sys.exit(f"groundskeeper {' '.join(args)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main(version: str) -> None:
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        assert version in said("--version", cwd=place).split()
        assert json.loads(said("schema", cwd=place))["properties"]["agents"]
        hub = open_hub(place / "hub")
        seed.add_user(hub, "ann")
        bare = seed.add_repository(hub, "ann", "pots")
        checkout = place / "pots"
        for args in (["init", "-q", "-b", "main", str(checkout)], ["-C", str(checkout), "remote", "add", "origin", "https://x/ann/pots"]):
            subprocess.run(["git", *args], check=True)
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        for args in ([*who, "commit", "-q", "--allow-empty", "-m", "First"], ["push", "-q", str(bare), "main"]):
            subprocess.run(["git", "-C", str(checkout), *args], check=True)
        with serving(hub, work=False) as served:
            told = {"GH_TOKEN": seed.add_token(hub, "ann"), "GITHUB_API_URL": served.url, "GROUNDSKEEPER_WRITE_PAUSE": "0"}
            shown = said("init", "--dry-run", cwd=checkout, **told)
            assert "onboarding pull request" in shown, shown
            assert "Nothing was changed." in shown, shown
            source = [] if "say which Groundskeeper it shall run" not in shown else ["--source", f"keepers/groundskeeper@{'a' * 40}"]
            said("init", "--yes", *source, cwd=checkout, **told)
        branch = ["git", "-C", str(bare), "show", "groundskeeper/onboarding:.github/workflows/groundskeeper.yml"]
        pinned = [
            line.split("uses:")[1].strip()
            for line in subprocess.run(branch, capture_output=True, text=True, check=True).stdout.splitlines()
            if "/actions/install@" in line
        ]
        hub.close()
    known = "named by hand, since no commit was noted when it was built" if source else "noted when it was built"
    print(f"groundskeeper {version} works as installed; workflows run {pinned[0]} ({known})")


main(sys.argv[1])
