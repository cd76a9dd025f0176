"""Paths that only a person may change: what CI, reviewers, agents and machines take orders from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

_NAMES = frozenset(
    {"codeowners", "agents.md", "claude.md", "gemini.md", ".mcp.json", ".npmrc", ".pypirc", ".netrc", "_netrc", "credentials"}
    | {"credentials.json", "credentials.yml", "credentials.yaml", "credentials.xml", "client_secret.json", "service-account.json"}
    | {"service_account.json", "application_default_credentials.json", "kubeconfig", "terraform.tfstate", "wp-config.php", "htpasswd"}
)
_HARMLESS_DOTS = frozenset({".gitignore", ".gitattributes", ".editorconfig", ".dockerignore"})
_SECRET_SUFFIXES = frozenset(
    {
        ".pem",
        ".key",
        ".p12",
        ".pfx",
        ".jks",
        ".keystore",
        ".bks",
        ".ppk",
        ".kdbx",
        ".kdb",
        ".ovpn",
        ".p8",
        ".pkcs12",
        ".tfstate",
        ".keychain",
    }
)
_SSH_KEY = re.compile(r"id_(?:[a-z0-9-]+|(?:rsa|dsa|ecdsa|ed25519|ed448|xmss)(?:_sk)?(?:[._-].*)?)")
"""As `ssh-keygen` names them, `id_` and no suffix, or one beside the name of an algorithm: `id_map.py` is somebody's code."""


def protected(paths: Iterable[str]) -> tuple[str, ...]:
    """Those of `paths` that go to a person, in order: dot-directories, trust manifests, env files, keys."""
    return tuple(sorted(path for path in set(paths) if _guarded(PurePosixPath(path))))


def _guarded(path: PurePosixPath) -> bool:
    """By the name in lower case: on many a machine `AGENTS.MD` is read as `AGENTS.md`."""
    name = path.name.casefold()
    hidden = any(part.startswith(".") for part in path.parts[:-1])
    dotfile = name.startswith(".") and name not in _HARMLESS_DOTS
    secret = PurePosixPath(name).suffix in _SECRET_SUFFIXES or (_SSH_KEY.fullmatch(name) is not None and not name.endswith(".pub"))
    return hidden or dotfile or name in _NAMES or secret
