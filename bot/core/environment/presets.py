"""Package registries by the names that a configuration uses, each with the hosts that its clients ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

PRESETS: Mapping[str, tuple[str, ...]] = {
    "pypi": ("pypi.org", "files.pythonhosted.org"),
    "npm": ("registry.npmjs.org", "registry.yarnpkg.com", "repo.yarnpkg.com"),
    "crates": ("crates.io", "index.crates.io", "static.crates.io"),
    "go": ("proxy.golang.org", "sum.golang.org", "storage.googleapis.com"),
    "rubygems": ("rubygems.org", "index.rubygems.org"),
    "maven": ("repo.maven.apache.org", "repo1.maven.org", "plugins.gradle.org", "plugins-artifacts.gradle.org", "services.gradle.org"),
    "debian": ("deb.debian.org", "security.debian.org", "archive.ubuntu.com", "security.ubuntu.com", "azure.archive.ubuntu.com"),
}


def hosts_of(network: Iterable[str]) -> tuple[str, ...]:
    """Presets replaced by their hosts, each host once, in lower case."""
    return tuple(dict.fromkeys(host.casefold() for name in network for host in PRESETS.get(name, (name,))))


def allows(network: Iterable[str], host: str) -> bool:
    """Whether one of the hosts is this one; `*.example.org` is every host below example.org, and not that itself."""
    asked = host.casefold().rstrip(".")
    return any(asked == one or (one.startswith("*.") and asked.endswith(one[1:])) for one in network)
