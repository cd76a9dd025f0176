"""What projects of other languages need: their package manager's own install, by the lockfile that is there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.core.environment.facts import Environment, Tree
from bot.core.environment.presets import hosts_of
from bot.core.environment.python import compiled
from bot.core.environment.reading import json_object, table

_LOCAL = '"$HOME/.local"'
_MAKE_TARGET = re.compile(r"^([A-Za-z][\w-]*)\s*:(?!=)", re.MULTILINE)
_PREPARING = ("deps", "dependencies", "install-deps", "install-dev", "bootstrap")


def node(tree: Tree) -> Environment | None:
    if not tree.has("package.json"):
        return None
    named, _, version = str(json_object(tree.text("package.json")).get("packageManager", "")).partition("@")
    version = re.sub(r"[^\w.-].*", "", version)
    lock = next((name for name in _NODE_LOCKS if tree.has(name)), "")
    manager = _NODE_LOCKS.get(lock) or (named if named in ("npm", "pnpm", "yarn", "bun") else "npm")
    if manager != named:
        version = ""
    setup = _node_setup(manager, version, locked=bool(lock))
    manifests = tuple(sorted(path for path in tree.paths if path.rpartition("/")[2] == "package.json" and "node_modules/" not in path))
    settings = tuple(path for path in (".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml", ".node-version", ".nvmrc") if tree.has(path))
    return Environment(
        setup=setup,
        network=hosts_of(["npm"]),
        files=(*manifests[:100], *((lock,) if lock else ()), *settings),
        tools=("node", "npm"),
        path=("node_modules/.bin",),
        sources=(lock or "package.json",),
    )


_NODE_LOCKS: Mapping[str, str] = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}


def _node_setup(manager: str, version: str, *, locked: bool) -> tuple[str, ...]:
    quiet = "--no-audit --no-fund --loglevel=error"
    if manager == "npm":
        return (f"npm {'ci' if locked else 'install --no-package-lock'} {quiet}",)
    modern_yarn = manager == "yarn" and version and not version.startswith("1.")
    package = "@yarnpkg/cli-dist" if modern_yarn else manager
    fetched = f"npm install --global --prefix {_LOCAL} {quiet} {package}@{version or ('1' if manager == 'yarn' else 'latest')}"
    frozen = ("--immutable" if modern_yarn else "--frozen-lockfile") if locked else ""
    return (fetched, f"{manager} install {frozen}".strip())


def go(tree: Tree) -> Environment | None:
    if not tree.has("go.mod"):
        return None
    return Environment(
        setup=("go mod download", "go build ./... || true"),
        network=hosts_of(["go"]),
        files=("go.mod", "go.sum"),
        tools=("go",),
        variables={"GOTOOLCHAIN": "local"},
        sources=("go.mod",),
    )


def cargo(tree: Tree) -> Environment | None:
    if not tree.has("Cargo.toml"):
        return None
    manifests = tuple(sorted(path for path in tree.paths if path.rpartition("/")[2] == "Cargo.toml"))[:100]
    return Environment(
        setup=("cargo fetch --locked" if tree.has("Cargo.lock") else "cargo fetch",),
        network=hosts_of(["crates"]),
        files=(*manifests, "Cargo.lock", "rust-toolchain.toml", "rust-toolchain"),
        tools=("cargo",),
        sources=("Cargo.lock" if tree.has("Cargo.lock") else "Cargo.toml",),
    )


def bundler(tree: Tree) -> Environment | None:
    if not tree.has("Gemfile"):
        return None
    return Environment(
        setup=("bundle install --quiet",),
        network=hosts_of(["rubygems"]),
        files=("Gemfile", "Gemfile.lock", ".ruby-version"),
        tools=("ruby", "bundle"),
        variables={"BUNDLE_PATH": "vendor/bundle"},
        sources=("Gemfile.lock" if tree.has("Gemfile.lock") else "Gemfile",),
    )


def maven(tree: Tree) -> Environment | None:
    if not tree.has("pom.xml"):
        return None
    command = "./mvnw" if tree.has("mvnw") else "mvn"
    manifests = tuple(sorted(path for path in tree.paths if path.rpartition("/")[2] == "pom.xml"))[:100]
    return Environment(
        setup=(f"{command} -B -q dependency:go-offline", f"{command} -B -q -DskipTests package"),
        network=hosts_of(["maven"]),
        files=manifests,
        tools=("java", *(() if tree.has("mvnw") else ("mvn",))),
        sources=("pom.xml",),
    )


def gradle(tree: Tree) -> Environment | None:
    build = next((path for path in ("build.gradle", "build.gradle.kts") if tree.has(path)), None)
    if build is None:
        return None
    command = "./gradlew" if tree.has("gradlew") else "gradle"
    settings = (
        "settings.gradle",
        "settings.gradle.kts",
        "gradle.lockfile",
        "gradle/libs.versions.toml",
        "gradle/wrapper/gradle-wrapper.properties",
    )
    return Environment(
        setup=(f"{command} --no-daemon -q testClasses",),
        network=hosts_of(["maven"]),
        files=(build, *(path for path in settings if tree.has(path))),
        tools=("java", *(() if tree.has("gradlew") else ("gradle",))),
        sources=(build,),
    )


def make(tree: Tree) -> Environment | None:
    """Only where nothing else says how: what such a target does is not to be seen from outside."""
    targets = set(_MAKE_TARGET.findall(tree.text("Makefile")))
    target = next((name for name in _PREPARING if name in targets), None)
    return Environment(setup=(f"make {target}",), files=("Makefile",), tools=("make",), sources=("Makefile",)) if target else None


def debian(tree: Tree) -> Environment | None:
    """Libraries of the system: an Aptfile, a Debian source package's build dependencies, or what the repository's own CI installs."""
    if tree.has("Aptfile"):
        found, source = (
            [line.strip() for line in tree.text("Aptfile").splitlines() if re.fullmatch(r"\s*[a-z0-9][a-z0-9+.-]+\s*", line)],
            "Aptfile",
        )
    elif tree.has("debian/control"):
        found, source = _build_depends(tree.text("debian/control")), "debian/control"
    elif _native(tree):
        found, source = _installed_by_ci(tree)
    else:
        return None
    if not found:
        return None
    return Environment(packages=tuple(dict.fromkeys(found)), network=hosts_of(["debian"]), files=(source,), sources=(source,))


def _native(tree: Tree) -> bool:
    """Whether it compiles; for others, what CI installs of the system is seldom what the tests need."""
    return compiled(tree) or any(tree.has(path) for path in ("CMakeLists.txt", "meson.build", "configure.ac", "configure"))


def _build_depends(control: str) -> list[str]:
    fields = re.findall(r"^Build-Depends(?:-Arch|-Indep)?:(.*?)(?=^\S|\Z)", control, re.MULTILINE | re.DOTALL)
    alternatives = [one.strip() for field in fields for one in re.sub(r"#.*", "", field).split(",")]
    first = [one.split("|")[0] for one in alternatives if "<!nocheck>" in one or "<" not in one.replace("(<<", "").replace("(<=", "")]
    names = [found[0] for one in first if (found := re.match(r"\s*([a-z0-9][a-z0-9+.-]+)", one)) is not None]
    return [name for name in names if not name.startswith(("debhelper", "dh-", "dpkg-dev", "cdbs"))]


def _installed_by_ci(tree: Tree) -> tuple[list[str], str]:
    for path in sorted(tree.parsed):
        jobs = table(tree.parsed[path], "jobs")
        steps = [step for job in jobs.values() for step in (job.get("steps") or [] if isinstance(job, dict) else [])]
        told = "\n".join(str(step["run"]) for step in steps if isinstance(step, dict) and "run" in step)
        if path not in OTHER_CI and (found := installed_packages(told)):
            return found, path
    for path in OTHER_CI:
        # Their jobs are too many kinds to tell which one tests; what a build links to is needed by each.
        if found := [name for name in installed_packages(tree.text(path)) if name.endswith("-dev")]:
            return found, path
    return [], ""


OTHER_CI = (".circleci/config.yml", ".gitlab-ci.yml", ".travis.yml")


def installed_packages(script: str) -> list[str]:
    joined = script.replace("\\\n", " ")
    calls = re.findall(r"\bapt(?:-get)?\b[^\n;&|]*?\binstall\b([^\n;&|]*)", joined)
    return [word for call in calls for word in call.split() if re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", word)]
