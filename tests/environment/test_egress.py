"""What setup can reach over the network, and what not, tried from inside the real sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network

import pytest

from bot.adapters.environment.preparing import SetupLimits
from bot.adapters.sandbox.addresses import refusal
from bot.adapters.sandbox.egress_rules import EgressLimits
from bot.core.environment.configured import Wishes
from bot.ports.environments import Prepared, Unprepared
from tests.environment.conftest import Repository, asks, says, serving

pytestmark = pytest.mark.sandboxed


def test_a_listed_host_is_reached_and_what_it_gave_stays(repository: Repository) -> None:
    with serving(says("a wheel")) as (port, heard):
        repository.names = {"packages.example.org": ["127.0.0.1"]}
        command = f"{asks(f'http://packages.example.org:{port}/wheel?x=1')} > fetched"
        repository.wishes = Wishes(setup=(command,), network=(f"packages.example.org:{port}",))
        base = repository.commit({"README.md": "x"})

        (outcome,) = repository.run(base, "cat fetched; git status --short")

    assert outcome.output == "a wheel\n?? fetched\n"
    assert heard == ["/wheel?x=1"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_another_host_is_refused_and_named_with_the_remedy(repository: Repository, scheme: str) -> None:
    repository.names = {"files.example.org": ["127.0.0.1"]}
    repository.wishes = Wishes(setup=(asks(f"{scheme}://files.example.org/"),), network=("packages.example.org",))

    refused = repository.prepare(repository.commit({"README.md": "x"}))

    assert isinstance(refused, Unprepared)
    assert refused.why == ("The environment could not be prepared: setup wanted files.example.org: add it to `environment.network`.")
    assert repository.asked == []  # not even a question to a name server carries anything out


def test_a_host_that_setup_can_do_without_is_told_all_the_same(repository: Repository) -> None:
    repository.wishes = Wishes(setup=(f"{asks('http://telemetry.example.org/')} || true; touch made",))

    prepared = repository.prepare(repository.commit({"README.md": "x"}))

    assert isinstance(prepared, Prepared)
    assert prepared.notes == ("setup wanted telemetry.example.org: add it to `environment.network`.",)


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "192.168.0.1", "172.16.0.1", "0.0.0.0", "169.254.169.254", "100.100.100.200", "168.63.129.16", "100.64.0.1"),
        *("::1", "fe80::1", "fd00:ec2::254", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "224.0.0.1", "255.255.255.255"),
    ],
)
def test_no_private_and_no_metadata_address_is_connected_to(address: str) -> None:
    assert refusal(address, ()) is not None


def test_public_addresses_may_be_reached_and_an_owners_mirror_but_never_metadata() -> None:
    assert refusal("151.101.0.223", ()) is None
    assert refusal("2a04:4e42::223", ()) is None
    assert refusal("10.1.2.3", (ip_network("10.1.0.0/16"),)) is None
    assert refusal("169.254.169.254", (ip_network("0.0.0.0/0"),)) is not None


def test_a_listed_name_that_stands_for_a_private_address_is_refused(repository: Repository) -> None:
    repository.names = {"packages.example.org": ["10.0.0.7"]}
    repository.wishes = Wishes(setup=(asks("https://packages.example.org/"),), network=("packages.example.org",))

    refused = repository.prepare(repository.commit({"README.md": "x"}))

    assert isinstance(refused, Unprepared)
    assert refused.why == (
        "The environment could not be prepared: setup wanted packages.example.org: 10.0.0.7 is a private address,"
        " which is only reached where GROUNDSKEEPER_PRIVATE_NETWORKS names its network."
    )


@pytest.mark.parametrize(
    ("answers", "told"), [(["10.0.0.7"], "10.0.0.7 is a private address"), ([], "it is not known to this machine's resolver")]
)
def test_a_package_manager_gives_up_soon_when_it_cannot_reach_its_index(repository: Repository, answers: list[str], told: str) -> None:
    """Left to itself, npm asks for more than two minutes; the sentence would then be that setup did not end."""
    repository.names = {"registry.npmjs.org": answers} if answers else {}
    repository.limits = replace(SetupLimits(), time=timedelta(seconds=60))

    refused = repository.prepare(repository.commit({"package.json": '{"dependencies": {"pots": "1", "pans": "1"}}'}))

    assert isinstance(refused, Unprepared)
    assert f"setup wanted registry.npmjs.org: {told}" in refused.why


def test_what_this_machine_has_to_go_through_is_gone_through_and_its_refusal_told(repository: Repository) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200 if "packages.example.org" in handler.path else 407)
        handler.end_headers()
        handler.wfile.write(b"a wheel")

    with serving(answer) as (port, heard):
        repository.machine = {"HTTPS_PROXY": f"http://127.0.0.1:{port}"}
        repository.wishes = Wishes(
            setup=(f"{asks('http://packages.example.org/wheel')} > fetched", asks("https://files.example.org/")),
            network=("packages.example.org", "files.example.org"),
        )

        refused = repository.prepare(repository.commit({"README.md": "x"}))

    assert heard == ["http://packages.example.org/wheel", "CONNECT files.example.org:443"]
    assert isinstance(refused, Unprepared)
    assert "setup wanted files.example.org: this machine's own proxy said: HTTP/1.0 407" in refused.why
    assert repository.asked == []  # names are its to resolve


def test_a_name_that_changes_its_mind_gains_nothing(repository: Repository) -> None:
    """The address that was looked at is the one that is connected to: one question, one connection."""
    with serving(says("first")) as (port, heard):
        repository.names = {"packages.example.org": ["127.0.0.1", "10.0.0.7"]}
        address = f"http://packages.example.org:{port}/"
        repository.wishes = Wishes(setup=(asks(address), asks(address)), network=(f"packages.example.org:{port}",))

        refused = repository.prepare(repository.commit({"README.md": "x"}))

    assert isinstance(refused, Unprepared)
    assert "10.0.0.7 is a private address" in refused.why
    assert heard == ["/"]
    assert repository.asked == ["packages.example.org"] * 2


def test_the_only_way_out_is_the_proxy(repository: Repository) -> None:
    with serving(says("secret of the machine")) as (port, heard):
        look = f"""python3 -c '
import socket
print(socket.if_nameindex())
door = socket.socket()
print(door.connect_ex(("127.0.0.1", {port})) != 0)
print(socket.socket().connect_ex(("192.0.2.1", 80)) != 0)
' > seen"""
        repository.wishes = Wishes(setup=(look,))

        (outcome,) = repository.run(repository.commit({"README.md": "x"}), "cat seen")

    assert outcome.output == "[(1, 'lo')]\nTrue\nTrue\n"
    assert heard == []


def test_what_comes_over_the_network_is_bounded(repository: Repository) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            pass

    with serving(endless) as (port, _):
        repository.names = {"packages.example.org": ["127.0.0.1"]}
        repository.wishes = Wishes(
            setup=(asks(f"http://packages.example.org:{port}/big") + " > big",), network=(f"packages.example.org:{port}",)
        )
        repository.limits = replace(SetupLimits(), network=EgressLimits(bytes=4 * 1024**2))

        refused = repository.prepare(repository.commit({"README.md": "x"}))

    # The connection ends in the middle of an answer without a length, which to its client is an end: so the bound itself must tell.
    assert isinstance(refused, Unprepared)
    assert "setup moved more than 4 MB over the network" in refused.why
