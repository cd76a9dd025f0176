"""GraphQL: a repository's latest release."""

from bot.hub.graphql.things import Fields, Info, Thing, one, repository_of, root


def latest(repo: Thing, _info: Info) -> Thing | None:
    row = one(
        "select * from releases where repo_id = ? and not draft and not prerelease order by created_at desc, id desc limit 1", repo.id
    )
    return Thing("Release", row) if row else None


def url(release: Thing, _info: Info) -> str:
    repo = repository_of(release["repo_id"])
    return f"{root()}/{repo['owner']}/{repo['name']}/releases/tag/{release['tag']}"


FIELDS: Fields = {"Release": {"tagName": lambda release, _info: release["tag"], "url": url}, "Repository": {"latestRelease": latest}}
