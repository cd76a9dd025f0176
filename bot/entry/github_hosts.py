"""Which GitHubs let the workflow's jobs hand their files to each other; GitHub Enterprise Server does not."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.core.errors.user_errors import UserError

WHY_NOT = (
    "`actions/upload-artifact` and `download-artifact`, by which the workflow's jobs hand files to each other, "
    "refuse GitHub Enterprise Server"
)
INSTEAD = (
    "Work with a machine of yours, by `groundskeeper run` or, with webhooks, `groundskeeper serve --start local`, "
    "and without .github/workflows/groundskeeper.yml."
)


def keeps_artifacts(server: str) -> bool:
    """By the rule of the artifact client itself, which is asked about GITHUB_SERVER_URL.

    https://github.com/actions/toolkit/blob/main/packages/artifact/src/internal/shared/config.ts, `isGhes`
    """
    host = (urlsplit(server).hostname or "").casefold()
    return host == "github.com" or host.endswith((".ghe.com", ".localhost"))


def actions_can_work(web: str) -> bool:
    """For `init` and `doctor`, by the address of people's pages. The embedded GitHub is let pass, although nobody carries its jobs out."""
    return keeps_artifacts(web) or urlsplit(web).hostname in ("127.0.0.1", "::1", "localhost")


def refuse_to_dispatch(api_url: str) -> None:
    """Only an Enterprise Server has its API below /api/v3 of its own address. Raises `UserError`."""
    address = urlsplit(api_url)
    if address.path.rstrip("/").endswith("/api/v3") and not actions_can_work(api_url):
        raise UserError(f"--start dispatch asks for runs in Actions, which would be lost on {address.hostname}: {WHY_NOT}. {INSTEAD}")


def refuse_without_artifacts(server: str) -> None:
    """Before anything is leased: what a run hands in would be lost, and its grant count as spent. Raises `UserError`."""
    if not keeps_artifacts(server):
        raise UserError(f"Nothing was started: on {server} runs in Actions would be lost, since {WHY_NOT}. {INSTEAD}")
