"""What the machine adds to setup: its certificates, its mirrors and proxy, and settings of package managers that keep a layer small."""

from __future__ import annotations

import hashlib
import ipaddress
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.adapters.sandbox.addresses import PRIVATE_NETWORKS, Network
from bot.adapters.sandbox.egress import PORT
from bot.adapters.sandbox.egress_rules import Upstream
from bot.adapters.sandbox.toolchains import Toolchains
from bot.core.environment.facts import HOME
from bot.core.errors.user_errors import UserError

PROGRAMS = "/run/groundskeeper"
_MIRRORS = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "NPM_CONFIG_REGISTRY", "YARN_NPM_REGISTRY_SERVER"),
    *("GOPROXY", "BUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/", "CARGO_REGISTRIES_CRATES_IO_INDEX"),
)
_CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")
_CERTIFICATES_INSIDE = "/etc/ssl/machine.pem"
_KEEPS_CERTIFICATES = (
    *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"),
    *("CARGO_HTTP_CAINFO", "BUNDLE_SSL_CA_CERT", "YARN_HTTPS_CA_FILE_PATH"),
)
_APT = ("/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/trusted.gpg.d", "/etc/apt/preferences.d", "/etc/apt/keyrings")
_PROXY = f"http://127.0.0.1:{PORT}"
_THROUGH_PROXY: Mapping[str, str] = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), _PROXY),
    **dict.fromkeys(("YARN_HTTP_PROXY", "YARN_HTTPS_PROXY"), _PROXY),  # from 2 on it reads no other
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1"),
    **{
        name: " ".join(f"-D{scheme}.proxyHost=127.0.0.1 -D{scheme}.proxyPort={PORT}" for scheme in ("http", "https"))
        for name in ("MAVEN_OPTS", "GRADLE_OPTS")
    },
}
_RETRIES: Mapping[str, str] = {
    "PIP_RETRIES": "1",
    "UV_HTTP_RETRIES": "1",
    "NPM_CONFIG_FETCH_RETRIES": "1",
    "NPM_CONFIG_FETCH_RETRY_MINTIMEOUT": "1000",
    "NPM_CONFIG_FETCH_RETRY_MAXTIMEOUT": "5000",
    "YARN_HTTP_RETRY": "1",
    "CARGO_NET_RETRY": "1",
    "BUNDLE_RETRY": "1",
}
"""What the proxy refused it refuses again; of their own, clients ask for minutes before they say so."""
_QUIET_AND_SMALL: Mapping[str, str] = {
    "CI": "1",
    "DEBIAN_FRONTEND": "noninteractive",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_NO_CACHE_DIR": "1",
    "UV_CACHE_DIR": "/tmp/uv",  # noqa: S108 — inside the sandbox
    "UV_LINK_MODE": "copy",
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_SYSTEM_CERTS": "1",
    "UV_NO_PROGRESS": "1",
    "POETRY_VIRTUALENVS_IN_PROJECT": "true",
    "POETRY_CACHE_DIR": "/tmp/poetry",  # noqa: S108 — inside the sandbox
    "PDM_CHECK_UPDATE": "false",
    "NPM_CONFIG_CACHE": "/tmp/npm",  # noqa: S108 — inside the sandbox
    "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    "NPM_CONFIG_STORE_DIR": "/tmp/pnpm",  # noqa: S108 — inside the sandbox
    "YARN_CACHE_FOLDER": "/tmp/yarn",  # noqa: S108 — inside the sandbox
    "GIT_TERMINAL_PROMPT": "0",
}
OFFLINE: Mapping[str, str] = {
    "UV_OFFLINE": "1",
    "UV_NO_SYNC": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_LINK_MODE": "copy",
    "PIP_NO_INDEX": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "NPM_CONFIG_OFFLINE": "true",
    "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    "CARGO_NET_OFFLINE": "true",
    "GOPROXY": "off",
    "MAVEN_ARGS": "--offline",
}
"""For work, so that a tool says at once that there is no network instead of trying for a minute."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Read once from this machine's own environment, by the edge. Nothing in it is a credential."""

    certificates: str | None = None
    mirrors: Mapping[str, str] = field(default_factory=dict)
    vouched: tuple[Network, ...] = ()
    upstream: Upstream | None = None
    apt: tuple[str, ...] = ()
    system: str = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Of the mirrors: whoever runs the machine named them, so they need not stand in a repository's configuration."""
        return tuple(dict.fromkeys(host for url in self.mirrors.values() for host in _hosts(url)))

    def readable(self, programs: Path, uv: Path | None) -> tuple[tuple[str, str], ...]:
        shown = [(str(programs / name), f"{PROGRAMS}/setup/{name}") for name in ("sudo", "apt-get")]
        shown += [(str(programs / "apt-get"), f"{PROGRAMS}/setup/apt")]
        shown += [(one, one) for one in (*self.apt, "/var/lib/dpkg/status")]
        return (*shown, *self.readable_at_work(uv))

    def readable_at_work(self, uv: Path | None) -> tuple[tuple[str, str], ...]:
        shown = [(self.certificates, _CERTIFICATES_INSIDE), ("/etc/ssl/certs", "/etc/ssl/certs")] if self.certificates else []
        return (*shown, *([(str(uv), f"{PROGRAMS}/tools/uv")] if uv is not None else []))

    def variables(self) -> Mapping[str, str]:
        node = {"NPM_CONFIG_NODEDIR": "/usr"} if Path("/usr/include/node/node.h").exists() else {}
        certificates = dict.fromkeys(_KEEPS_CERTIFICATES, _CERTIFICATES_INSIDE) if self.certificates else {}
        return {**_QUIET_AND_SMALL, **_RETRIES, **_THROUGH_PROXY, **certificates, **node, **self.mirrors}


def debian_variables() -> Mapping[str, str]:
    """So that compilers and the loader find what was unpacked below the home."""
    root, triplet = f"{HOME}/.debian/usr", f"{platform.machine()}-linux-gnu"
    libraries = f"{root}/lib/{triplet}:{root}/lib:{HOME}/.debian/lib/{triplet}"
    return {
        "CPATH": f"{root}/include:{root}/include/{triplet}",
        "LIBRARY_PATH": libraries,
        "LD_LIBRARY_PATH": libraries,
        "PKG_CONFIG_PATH": f"{root}/lib/{triplet}/pkgconfig:{root}/lib/pkgconfig:{root}/share/pkgconfig",
        "CMAKE_PREFIX_PATH": root,
        "ACLOCAL_PATH": f"{root}/share/aclocal",
    }


def of_this_machine(environment: Mapping[str, str], toolchains: Toolchains) -> Machine:
    """Raises `UserError` for a setting that cannot be used, naming it."""
    certificates = next((one for one in (environment.get("SSL_CERT_FILE"), *_CERTIFICATES) if one and Path(one).is_file()), None)
    return Machine(
        certificates=certificates,
        mirrors=dict(_mirrors(environment)),
        vouched=_vouched(environment.get(PRIVATE_NETWORKS, "")),
        upstream=_upstream(environment.get("HTTPS_PROXY") or environment.get("https_proxy") or ""),
        apt=tuple(_apt()),
        system=_system(toolchains),
    )


def _mirrors(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in _MIRRORS:
        value = environment.get(name) or environment.get(name.lower()) or ""
        if any(urlsplit(url).password or urlsplit(url).username for url in re.split(r"[\s,|]+", value) if "://" in url):
            raise UserError(
                f"{name} has a credential in its address, and setup runs a repository's code. Use a mirror that needs none, or unset it."
            )
        if any(_hosts(value)):
            yield name, value
            if name == "PIP_INDEX_URL" and not environment.get("UV_DEFAULT_INDEX"):
                yield "UV_DEFAULT_INDEX", value  # uv does not read pip's settings


def _hosts(value: str) -> Iterator[str]:
    for url in re.split(r"[\s,|]+", value):
        parts = urlsplit(url.removeprefix("sparse+"))
        if parts.scheme in ("http", "https") and parts.hostname:
            yield parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"


def _vouched(value: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(one) for one in value.replace(",", " ").split())
    except ValueError as error:
        raise UserError(f"{PRIVATE_NETWORKS}: expected networks like 10.1.0.0/16, with spaces between; {error}.") from None


def _upstream(value: str) -> Upstream | None:
    if not value:
        return None
    parts = urlsplit(value if "://" in value else f"http://{value}")
    if parts.username or parts.password:
        raise UserError("HTTPS_PROXY has a credential in it. Setup needs a proxy that takes none: run one on this machine that adds it.")
    if parts.scheme != "http" or not parts.hostname:
        raise UserError("HTTPS_PROXY: expected an address like http://proxy.example.org:3128.")
    return Upstream(host=parts.hostname, port=parts.port or 80)


def _apt() -> Iterator[str]:
    """Where packages come from, and whose signatures count; no file with a password in an address."""
    for place in map(Path, _APT):
        listed = sorted(place.iterdir()) if place.is_dir() else [place]
        for file in listed:
            if file.is_file() and not re.search(rb"://[^/\s]+:[^/\s]+@", file.read_bytes()):
                yield str(file)


def _system(toolchains: Toolchains) -> str:
    """Changes when compiled things may no longer fit: another system, processor, or set of tools."""
    release = Path("/etc/os-release")
    made_of = [platform.machine(), release.read_text() if release.exists() else platform.platform(), *toolchains.path]
    tools = (place for place in map(Path, ("/usr/bin/python3", "/usr/bin/node", "/usr/bin/gcc")) if place.exists())
    made_of += [f"{place.resolve()} {int(place.stat().st_mtime)}" for place in tools]
    return hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:16]
