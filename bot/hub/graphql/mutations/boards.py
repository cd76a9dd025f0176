"""GraphQL mutations about boards: making them, their fields and options, putting issues on them, filling fields."""

from collections.abc import Mapping
from typing import Any

from bot.hub.changes import boards
from bot.hub.graphql.boards import board, field_thing
from bot.hub.graphql.mutations.issues import expect, subject
from bot.hub.graphql.rest import mutation
from bot.hub.graphql.things import Fields, Refused, Thing, one, unresolvable, user
from bot.hub.rest import boards as rest_boards
from bot.hub.web.actors import Kind
from bot.hub.web.context import current

Input = Mapping[str, Any]
FIELD = ("ProjectV2Field", "ProjectV2SingleSelectField")


def _writable(node_id: str) -> Thing:
    return _may(expect(node_id, "ProjectV2"))


def _may(found: Thing) -> Thing:
    owner = user(found["owner_id"])
    if owner is None or not rest_boards.may_write(owner.row, found.row):
        app = current().actor.kind is Kind.INSTALLATION
        words = "Resource not accessible by integration" if app else "You do not have permission to update this project."
        raise Refused("FORBIDDEN", words)
    return found


def _refused(trouble: boards.NotAllowed) -> Refused:
    return Refused("UNPROCESSABLE", str(trouble))


def create(given: Input) -> dict[str, Any]:
    owner = expect(given["ownerId"], "User", "Organization")
    if not rest_boards.may_write(owner.row, None):
        raise Refused("FORBIDDEN", "Resource not accessible by integration")
    repo = expect(given["repositoryId"], "Repository") if given.get("repositoryId") else None
    now = current()
    with now.hub.write() as db:
        made = boards.make(now.hub, db, owner.id, given["title"], repo_id=repo.id if repo else None)
    return {"projectV2": Thing("ProjectV2", made)}


def update(given: Input) -> dict[str, Any]:
    found, now = _writable(given["projectId"]), current()
    columns = {"title": "title", "shortDescription": "short_description", "public": "public", "closed": "closed"}
    with now.hub.write() as db:
        for name, column in columns.items():
            if given.get(name) is not None:
                db.execute(f"update boards set {column} = ?, updated_at = ? where id = ?", (given[name], now.hub.now(), found.id))
    return {"projectV2": board(found.id)}


def delete(given: Input) -> dict[str, Any]:
    found = _writable(given["projectId"])
    with current().hub.write() as db:
        boards.drop(db, found.row)
    return {"projectV2": found}


def link(given: Input) -> dict[str, Any]:
    found, repo = _writable(given["projectId"]), expect(given["repositoryId"], "Repository")
    with current().hub.write() as db:
        db.execute("update boards set repo_id = ? where id = ?", (repo.id, found.id))
    return {"repository": repo}


def unlink(given: Input) -> dict[str, Any]:
    found, repo = _writable(given["projectId"]), expect(given["repositoryId"], "Repository")
    with current().hub.write() as db:
        db.execute("update boards set repo_id = null where id = ? and repo_id = ?", (found.id, repo.id))
    return {"repository": repo}


def create_field(given: Input) -> dict[str, Any]:
    found = _writable(given["projectId"])
    if given["dataType"] not in boards.KINDS:
        raise Refused("UNPROCESSABLE", f"Fields of type {given['dataType'].lower()} are not known to the embedded GitHub")
    options = boards.options_of(given["name"], given.get("singleSelectOptions") or [])
    try:
        with current().hub.write() as db:
            row = boards.add_field(db, found.row, given["name"], given["dataType"], options)
    except boards.NotAllowed as trouble:
        raise _refused(trouble) from None
    return {"projectV2Field": field_thing(row)}


def _field(node_id: str) -> Thing:
    found = expect(node_id, *FIELD)
    _may(board(found["board_id"]))
    return found


def update_field(given: Input) -> dict[str, Any]:
    found = _field(given["fieldId"])
    try:
        with current().hub.write() as db:
            boards.change_field(db, found.row, given.get("name"), given.get("singleSelectOptions"))
    except boards.NotAllowed as trouble:
        raise _refused(trouble) from None
    return {"projectV2Field": field_thing(one("select * from board_fields where id = ?", found.id))}


def delete_field(given: Input) -> dict[str, Any]:
    found = _field(given["fieldId"])
    with current().hub.write() as db:
        boards.drop_field(db, found.row)
    return {"projectV2Field": found}


def add_item(given: Input) -> dict[str, Any]:
    found, content, now = _writable(given["projectId"]), subject(given["contentId"]), current()
    with now.hub.write() as db:
        return {"item": Thing("ProjectV2Item", boards.add_item(now.hub, db, found.row, content.id))}


def _item(given: Input) -> Thing:
    found, item = _writable(given["projectId"]), expect(given["itemId"], "ProjectV2Item")
    if item["board_id"] != found.id:
        raise unresolvable(given["itemId"])
    return item


def _again(item: Thing) -> Thing:
    row = one("select * from board_items where id = ?", item.id)
    assert row is not None
    return Thing("ProjectV2Item", row)


def _set(item: Thing, field_id: str, value: str | float | None) -> dict[str, Any]:
    now = current()
    try:
        with now.hub.write() as db:
            boards.set_value(now.hub, db, item.row, expect(field_id, *FIELD).row, value)
    except boards.NotAllowed as trouble:
        raise _refused(trouble) from None
    return {"projectV2Item": _again(item)}


def set_value(given: Input) -> dict[str, Any]:
    values = [value for name, value in given["value"].items() if value is not None and name != "iterationId"]
    if len(values) != 1:
        raise Refused("UNPROCESSABLE", "Exactly one value must be given")
    return _set(_item(given), given["fieldId"], values[0])


def clear_value(given: Input) -> dict[str, Any]:
    return _set(_item(given), given["fieldId"], None)


def delete_item(given: Input) -> dict[str, Any]:
    item = _item(given)
    with current().hub.write() as db:
        boards.drop_item(db, item.row)
    return {"deletedItemId": given["itemId"]}


def archive(archived: bool) -> Any:
    def work(given: Input) -> dict[str, Any]:
        item = _item(given)
        with current().hub.write() as db:
            db.execute("update board_items set archived = ? where id = ?", (archived, item.id))
        return {"item": _again(item)}

    return mutation(work)


FIELDS: Fields = {
    "Mutation": {
        "addProjectV2ItemById": mutation(add_item),
        "archiveProjectV2Item": archive(True),
        "clearProjectV2ItemFieldValue": mutation(clear_value),
        "createProjectV2": mutation(create),
        "createProjectV2Field": mutation(create_field),
        "deleteProjectV2": mutation(delete),
        "deleteProjectV2Field": mutation(delete_field),
        "deleteProjectV2Item": mutation(delete_item),
        "linkProjectV2ToRepository": mutation(link),
        "unarchiveProjectV2Item": archive(False),
        "unlinkProjectV2FromRepository": mutation(unlink),
        "updateProjectV2": mutation(update),
        "updateProjectV2Field": mutation(update_field),
        "updateProjectV2ItemFieldValue": mutation(set_value),
    }
}
