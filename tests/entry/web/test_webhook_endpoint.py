"""What is let in, what is answered, and what is said about it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from bot.entry.web.app import LARGEST, unsigned
from tests.entry.web.webhook_app import BEFORE, SECRET, Builder, WebhookApp, about, guid, signed

HINT = json.dumps(about(action="labeled")).encode()


def test_the_signature_of_githubs_own_example_is_good() -> None:
    # https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert unsigned((SECRET,), b"Hello, World!", right) is None
    assert unsigned((SECRET,), b"Hello, World?", right) is not None


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        signed(HINT, b"guessed"),
        signed(HINT, b""),
        signed(b"another body"),
        signed(HINT).upper(),
        signed(HINT).replace("sha256=", "sha1="),
        signed(HINT) + "0",
        "sha256=" + "ä" * 64,
    ],
)
def test_whoever_does_not_know_the_secret_is_refused_and_not_believed(webhook_app: WebhookApp, signature: str) -> None:
    answer = webhook_app.post(HINT, X_Hub_Signature_256=signature, X_GitHub_Delivery="mine", X_GitHub_Event="evil")

    assert (answer.status_code, answer.get_json()["outcome"]) == (401, "unsigned")
    assert "GROUNDSKEEPER_WEBHOOK_SECRET" in answer.get_json()["reason"]
    assert webhook_app.waiting() == []
    assert "mine" not in webhook_app.written.getvalue()
    assert "evil" not in webhook_app.written.getvalue() + webhook_app.get("/metrics").get_data(as_text=True)
    assert webhook_app.metric("deliveries_total", event="other", outcome="unsigned") == 1


@pytest.mark.parametrize("secrets", [(), (b"",)])
def test_without_a_secret_nobody_is_believed(builder: Builder, secrets: tuple[bytes, ...]) -> None:
    webhook_app = builder.build(secrets=secrets)

    assert webhook_app.post(HINT, X_Hub_Signature_256=signed(HINT, b"")).status_code == 401
    assert webhook_app.get("/readyz").get_json() == {"ready": False, "reasons": ["no webhook secret is set"]}
    webhook_app.inbox.close()


def test_while_the_secret_is_changed_the_one_before_is_good_too(builder: Builder) -> None:
    webhook_app = builder.build(secrets=(SECRET, BEFORE))

    assert [webhook_app.post(HINT, X_Hub_Signature_256=signed(HINT, one)).status_code for one in (SECRET, BEFORE, b"older")] == [
        202,
        202,
        401,
    ]
    webhook_app.inbox.close()


@pytest.mark.parametrize(
    ("body", "headers", "status", "outcome"),
    [
        (HINT, {}, 202, "queued"),
        (HINT, {"Content_Type": "text/plain"}, 202, "queued"),
        (HINT, {"Content_Type": ""}, 202, "queued"),
        (b'{"zen": "Keep it logically awesome."}', {"X_GitHub_Event": "ping"}, 202, "ignored"),
        (HINT, {"X_GitHub_Event": "star"}, 202, "ignored"),
        (urlencode({"payload": HINT}).encode(), {"Content_Type": "application/x-www-form-urlencoded"}, 202, "queued"),
        (b"payload=%7B", {"Content_Type": "application/x-www-form-urlencoded"}, 400, "malformed"),
        (b"a=1&payload=%7B%7D", {"Content_Type": "application/x-www-form-urlencoded"}, 400, "malformed"),
        ("payload=ä".encode(), {"Content_Type": "application/x-www-form-urlencoded"}, 400, "malformed"),
        (HINT, {"Content_Type": "application/x-www-form-urlencoded"}, 400, "malformed"),
        (b"", {}, 400, "malformed"),
        (b"{", {}, 400, "malformed"),
        (b"[]", {}, 400, "malformed"),
        (b"null", {}, 400, "malformed"),
        (b"[" * 100_000, {}, 400, "malformed"),
        (b'{"number": ' + b"9" * 5_000 + b"}", {}, 400, "malformed"),
        (b"\xff\xfe\x00{", {}, 400, "malformed"),
        (HINT, {"X_GitHub_Event": ""}, 400, "malformed"),
        (HINT, {"X_GitHub_Delivery": ""}, 400, "malformed"),
        (HINT, {"X_GitHub_Delivery": "a b"}, 400, "malformed"),
        (HINT, {"X_GitHub_Delivery": "a" * 65}, 400, "malformed"),
        (b'{"action": "labeled"}', {}, 202, "ignored"),
        (json.dumps(about("garden/beds", action="labeled")).encode(), {}, 202, "ignored"),
    ],
)
def test_each_answer_has_its_reason(webhook_app: WebhookApp, body: bytes, headers: dict[str, str], status: int, outcome: str) -> None:
    answer = webhook_app.post(body, **headers)

    said = answer.get_json()
    assert (answer.status_code, said["outcome"], bool(said["reason"])) == (status, outcome, True)
    assert webhook_app.waiting() == (["garden/pots"] if outcome == "queued" else [])
    assert webhook_app.lines()[-1]["status"] == status


def test_more_than_github_sends_is_too_large(webhook_app: WebhookApp) -> None:
    answer = webhook_app.post(b" " * (LARGEST + 1))

    assert (answer.status_code, answer.get_json()["outcome"]) == (413, "too large")
    assert webhook_app.post(b" " * (LARGEST - len(HINT)) + HINT).status_code == 202


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/webhook", 405), ("POST", "/", 404), ("DELETE", "/metrics", 405)])
def test_what_is_not_there_says_so_in_json(webhook_app: WebhookApp, method: str, path: str, status: int) -> None:
    answer = webhook_app.app.test_client().open(path, method=method)

    assert (answer.status_code, answer.get_json()["outcome"]) == (status, "refused")


def test_without_one_repository_only_the_apps_installations_are_taken(builder: Builder) -> None:
    webhook_app = builder.build(only=None)

    assert webhook_app.send(payload=about("garden/beds", action="labeled")).get_json()["outcome"] == "ignored"
    assert webhook_app.send(payload=about("garden/beds", action="labeled", installation={"id": 3})).get_json()["outcome"] == "queued"
    assert webhook_app.waiting() == ["garden/beds"]
    webhook_app.inbox.close()


def test_a_delivery_counts_once_however_often_it_is_sent(webhook_app: WebhookApp) -> None:
    name = guid()

    assert [webhook_app.send(X_GitHub_Delivery=name).get_json()["outcome"] for _ in range(3)] == ["queued", "doubled", "doubled"]
    assert webhook_app.send().get_json()["outcome"] == "coalesced"


@pytest.mark.parametrize(
    ("sender", "outcome"),
    [
        ({"login": "Worker", "id": 999}, "ignored"),
        ({"login": "renamed", "id": 41}, "ignored"),
        ({"login": "worker2", "id": 42}, "queued"),
        ({"login": "worker[bot]", "id": 43}, "queued"),
        ({"login": "41", "id": 44}, "queued"),
    ],
)
def test_own_events_are_known_by_exact_identity(webhook_app: WebhookApp, sender: dict[str, object], outcome: str) -> None:
    webhook_app.endpoint.own = frozenset({"worker", 41})

    assert webhook_app.send(payload=about(action="labeled", sender=sender)).get_json()["outcome"] == outcome


def test_a_line_of_the_log_names_the_delivery_and_nothing_of_what_was_sent(webhook_app: WebhookApp) -> None:
    name = guid()
    webhook_app.send(payload=about(action="labeled", issue={"title": "a private matter"}), X_GitHub_Delivery=name)

    (line,) = webhook_app.lines()
    took, at = line.pop("ms"), line.pop("timestamp")
    assert line == {
        "event": "delivery", "level": "info", "status": 202,
        "delivery": name, "github_event": "issues", "outcome": "queued", "reason": "issues labeled",
    }  # fmt: skip
    assert took > 0
    assert at.endswith("Z")


def test_what_is_counted_can_be_read_by_prometheus(webhook_app: WebhookApp) -> None:
    for event in ("issues", "issues", "star", "invented"):
        webhook_app.send(event)

    page = webhook_app.get("/metrics")
    assert page.content_type.startswith("text/plain")
    assert 'groundskeeper_deliveries_total{event="issues",outcome="coalesced"} 1.0' in page.get_data(as_text=True)
    assert webhook_app.metric("deliveries_total", event="other", outcome="ignored") == 2
    assert webhook_app.metric("hints_pending") == 1
    assert webhook_app.metric("acknowledgement_seconds_count") == 4


def test_an_inbox_that_cannot_keep_a_delivery_does_not_acknowledge_it(webhook_app: WebhookApp) -> None:
    name = guid()
    webhook_app.inbox.db.execute("pragma query_only = on")
    refused = webhook_app.send(X_GitHub_Delivery=name)
    ready, alive, page = webhook_app.get("/readyz"), webhook_app.get("/healthz"), webhook_app.get("/metrics")
    webhook_app.inbox.db.execute("pragma query_only = off")

    assert (refused.status_code, refused.get_json()["outcome"]) == (503, "not stored")
    assert (ready.status_code, ready.get_json()["reasons"]) == (503, ["the inbox cannot be written: attempt to write a readonly database"])
    assert (alive.status_code, page.status_code) == (200, 200)
    assert webhook_app.send(X_GitHub_Delivery=name).get_json()["outcome"] == "queued"
    assert webhook_app.get("/readyz").get_json() == {"ready": True, "reasons": []}
