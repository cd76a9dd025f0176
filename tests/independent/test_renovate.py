"""Renovate opens its onboarding pull request on the hub. Nothing that it would look up elsewhere is there, which it says and goes on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bot.hub import seed
from bot.hub.serve import serving
from tests.independent.tools import HOME, NODE
from tests.world import FULL_NAME, WallClock, make_world

PROGRAM = HOME / "renovate" / "node_modules" / "renovate" / "dist" / "renovate.js"


@pytest.mark.timeout(900)
def test_renovate_opens_its_onboarding_pull_request(tmp_path: Path) -> None:
    world = make_world(tmp_path, clock=WallClock(), files={"requirements.txt": "six==1.16.0\n"})
    seed.add_user(world.hub, "renovate")
    seed.set_role(world.hub, FULL_NAME, "renovate", "write")
    with serving(world.hub, work=False, app=world.app) as served:
        environment = {
            "PATH": f"{NODE.parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "GIT_TERMINAL_PROMPT": "0",
            "RENOVATE_PLATFORM": "github",
            "RENOVATE_ENDPOINT": f"{served.url}/api/v3/",
            "RENOVATE_TOKEN": seed.add_token(world.hub, "renovate"),
            "RENOVATE_REPOSITORIES": FULL_NAME,
            "RENOVATE_BASE_DIR": str(tmp_path / "renovate"),
            "RENOVATE_GIT_AUTHOR": "Renovate <renovate@example.org>",
            "RENOVATE_HOST_RULES": '[{"matchHost": "pypi.org", "enabled": false}]',
        }
        done = subprocess.run(
            [str(NODE), str(PROGRAM)], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
        )

    assert done.returncode == 0, done.stdout[-4000:]
    (pull,) = world.pulls()
    assert (pull["title"], pull["user"]["login"], pull["head"]["ref"]) == ("Configure Renovate", "renovate", "renovate/configure")
    assert "`requirements.txt` (pip_requirements)" in pull["body"]
    assert '"$schema"' in world.git("show", "renovate/configure:renovate.json")
    world.hub.close()
