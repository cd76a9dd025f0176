"""The account that stands behind an identity: its number, which GitHub's addresses for commits are made of."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from bot.adapters.github.client import Client


def commit_address(client: Client) -> str:
    """The address by which GitHub shows commits as this identity's own, an app's too. Raises `GitHubTrouble`.

    https://docs.github.com/account-and-profile/reference/email-addresses-reference#your-noreply-email-address
    """
    login = client.identity.login
    account = client.rest("GET", f"/users/{quote(login, safe='')}")
    return f"{account['id']}+{account['login']}@users.noreply.{_host(str(client.github.config.base_url))}"


def _host(api_url: str) -> str:
    """A GitHub Enterprise Server has addresses of its own; what is neither that nor GitHub, as a rehearsal, uses GitHub's."""
    parts = urlsplit(api_url)
    host = parts.hostname or ""
    if host.startswith("api."):
        return host.removeprefix("api.")
    return host if parts.path.rstrip("/") == "/api/v3" else "github.com"
