"""Behaviours that take many polls: 304s that lie, moves that are taken back, outages of our own network.

Each has a house of its own, since it must not be disturbed by the others.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scripted import Act, Answer, Asked, Script, Wire, reply, running_scripted
from stage import Case, Played, Stage, gather, in_turn, news, page, play, steady

FIRST_PROBE = 10
"""So many 304s in a row are believed before the first probe."""


def silent_liar(asked: Asked) -> Answer:
    """Answer 304 to every conditional request, though every request would have one item more."""
    if asked.conditional:
        return reply(b"", 304, ETag='"for ever"')
    return reply(news(asked, *range(asked.number + 1)), ETag='"for ever"')


def changing_liar(asked: Asked) -> Answer:
    """Lie likewise, with another ETag each time."""
    if asked.conditional:
        return reply(b"", 304)
    return reply(news(asked, *range(asked.number + 1)), ETag=f'"{asked.number}"')


def honest(asked: Asked) -> Answer:
    """Answer 304 because nothing is new."""
    return reply(b"", 304) if asked["If-None-Match"] == '"same"' else reply(news(asked, 1, 2), ETag='"same"')


def chatty(asked: Asked) -> Answer:
    """Send a body with a 304, which no client can tell from the next answer."""
    if asked.conditional:
        return Answer(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n" + news(asked, 1), "close")
    return reply(news(asked, *range(asked.number + 1)), ETag='"x"')


def choking(asked: Asked) -> Answer:
    """Take offence at every validator."""
    return reply(b"", 412) if asked.conditional else reply(news(asked, *range(asked.number + 1)), ETag='"x"')


def asked_plainly(played: Played) -> None:
    """Expect no validator any more after two such answers, and everything read since."""
    assert whole(played)[-10:] == list(range(8, 18))
    assert set(played.outcomes[-10:]) == {"ok"}
    assert played.now["doubts"] == 2


def not_lost(played: Played) -> None:
    """Expect it read time and again, by requests without validators."""
    assert played.outcomes.count("ok") >= 4
    assert played.states[-1]["failures"] < 4


def whole(played: Played) -> list[int]:
    """List the rounds, from 0, whose request asked for the whole."""
    return [round_ for round_, (asked,) in enumerate(played.asked) if not asked.conditional]


def probed_rarely(played: Played) -> None:
    """Expect a probe after ten 304s, the next only after twenty more, and no doubt of an honest server."""
    assert whole(played) == [0, FIRST_PROBE + 1]
    assert played.now["probe_after"] == 2 * FIRST_PROBE
    assert set(played.outcomes) <= {"ok", "not-modified", "unchanged"}
    assert (len(played.entries), played.now["doubts"]) == (2, 0)


def found_out(played: Played) -> None:
    """Expect the lie found by a probe after ten 304s, and soon no conditional request any more; nothing is missed."""
    rounds = whole(played)
    assert rounds[:2] == [0, FIRST_PROBE + 1]
    assert not any(asked.conditional for (asked,) in played.asked[-4:])
    assert played.requests[-1]["If-None-Match"] is None
    assert len(played.entries) == played.requests[-1].number + 1


LIARS = [
    Case("honest", "an honest server is probed rarely, and ever more so", honest, probed_rarely),
    Case("liar", "304s that lie are found out", silent_liar, found_out),
    Case("changing-liar", "also if the ETag changes", changing_liar, found_out),
    Case("chatty", "a 304 with a body ends conditional requests", chatty, asked_plainly),
    Case("choking", "a server that refuses validators is asked without", choking, not_lost),
]


@pytest.fixture(scope="module")
def long_played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll them eighteen times."""
    return play(tmp_path_factory.mktemp("long"), LIARS, 18)


@pytest.mark.parametrize("case", LIARS, ids=str)
def test_304s(case: Case, long_played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(long_played[case.name])


def moving(then: Script, redirects: int = 4) -> Script:
    """Move for good; after five answers the new place does as ``then`` says.

    The old one has the feed again after so many ``redirects``.
    """

    def script(asked: Asked) -> Answer:
        answer = reply(news(asked, 1, 2, 3))
        if asked.rest:
            found = answer if asked.number <= 5 else then(asked)
            assert isinstance(found, Answer)
            return found
        return reply(b"", 301, Location=f"/{asked.name}/new") if asked.number <= redirects else answer

    return script


def comes_home(played: Played) -> None:
    """Expect the configured address polled again after a few failures at the new place, with nothing new or lost."""
    assert any(state["moved_url"] for state in played.states), "it never moved"
    assert played.now["moved_url"] is None
    assert [move["why"].partition(":")[0] for move in played.moves] == ["permanent redirect", "back"]
    assert (played.moves[1]["from_url"], played.moves[1]["to_url"]) == (played.moves[0]["to_url"], played.now["url"])
    assert played.outcomes[-1] in ("ok", "unchanged")
    assert (len(played.entries), sum(poll["new"] for poll in played.polls)) == (3, 3)


def ends_there(played: Played) -> None:
    """Expect that a source whose own address leads for good to a place that is gone is gone, and keeps its entries."""
    assert (played.outcomes[-1], played.now["next_poll_at"]) == ("gone", None)
    assert [move["why"].partition(":")[0] for move in played.moves] == ["permanent redirect", "back"]
    assert len(played.entries) == 3


def stays_away(played: Played) -> None:
    """Expect that one bad hour at the new place is no reason to return."""
    assert played.now["moved_url"] is not None
    assert [move["why"] for move in played.moves] == ["permanent redirect"]
    assert len(played.entries) == 3


def to_canary(asked: Asked) -> Answer:
    """Redirect to where we may not go."""
    return reply(b"", 302, Location=f"http://127.0.0.1:{asked.canary}/")


HTML = b"<!DOCTYPE html><html><head><title>Buy this domain</title></head><body>For sale</body></html>"

RETURNERS = [
    Case("dies-404", "a new place that answers 404", moving(page(b"", 404)), comes_home),
    Case("dies-500", "or 500", moving(page(b"", 500)), comes_home),
    Case("dies-html", "or with a page", moving(page(HTML)), comes_home),
    Case("dies-410", "or is gone: the config's address has the last word", moving(page(b"", 410), 3), comes_home),
    Case("gone-410", "and may say that it is there for good", moving(page(b"", 410), 99), ends_there),
    Case("dies-refused", "or leads nowhere", moving(to_canary), comes_home),
    Case("slips", "one failure is none", moving(in_turn(*[page(b"", 500)] * 6, steady())), stays_away),
]


@pytest.fixture(scope="module")
def returners(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll them twelve times."""
    return play(tmp_path_factory.mktemp("returners"), RETURNERS, 12)


@pytest.mark.parametrize("case", RETURNERS, ids=str)
def test_moves_that_fail(case: Case, returners: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(returners[case.name])


def test_new_url_in_the_config_forgets_the_move(tmp_path: Path) -> None:
    """Whoever edits the url means it: it is polled at once, and no entry is new."""
    case = Case("moves", "moves for good", moving(steady()), lambda played: None)
    with running_scripted({"moves": case.script}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up([case])
        for _ in range(5):
            stage.poll()
        assert stage.source("moves")["moved_url"] == server.url("/moves/new")

        stage.set_up([Case("moves", "", case.script, case.check, at="http://127.0.0.1:{port}/moves/other")])
        result = stage.poll("--due")

    assert (server.log[-1].target, stage.source("moves")["moved_url"]) == ("/moves/other", None)
    assert [(one["source"], one["new"]) for one in result["polled"]] == [("moves", 0)]


# --- Our own network --------------------------------------------------------------------------------------------------

HOSTS = tuple(f"127.0.0.{n}" for n in range(2, 12))


def outage(folder: Path, dead: int, check: Callable[[dict[str, Played]], None]) -> None:
    """Poll ten hosts, then twice with the last ``dead`` of them dead, then with all alive again; check each round."""
    cases = [
        Case(f"host-{n}", "", steady(), lambda p: None, f"http://{host}:{{port}}/host-{n}")
        for n, host in enumerate(HOSTS)
    ]
    with running_scripted({case.name: case.script for case in cases}, hosts=HOSTS) as all_alive:
        port = all_alive.port
        stage = Stage(folder, all_alive)
        stage.set_up(cases)
        played = {case.name: Played(case.name, all_alive) for case in cases}

        def round_() -> None:
            stage.poll()
            for name, one in played.items():
                one.states.append(stage.source(name))

        round_()
    with running_scripted({case.name: case.script for case in cases}, hosts=HOSTS[: len(HOSTS) - dead], port=port):
        round_()
        round_()
    with running_scripted({case.name: case.script for case in cases}, hosts=HOSTS, port=port):
        round_()
    gather(stage, played)
    check(played)


def test_most_hosts_failing_at_once_is_our_own_network(tmp_path: Path) -> None:
    """Eight of ten hosts dead: no source is charged, all are polled again soon, and all is well as soon as it is."""

    def check(played: dict[str, Played]) -> None:
        for one in list(played.values())[2:]:
            assert one.outcomes == ["ok", "offline", "offline", "unchanged"]
            assert [state["failures"] for state in one.states] == [0, 0, 0, 0]
            assert one.wait_s(2) <= 2 * 600, "it waits as if it had failed"
            assert "network" in one.states[1]["last_error"]
        assert [one.outcomes[1] for one in list(played.values())[:2]] == ["unchanged"] * 2

    outage(tmp_path, 8, check)


def test_few_hosts_failing_are_charged(tmp_path: Path) -> None:
    """Three of ten hosts dead: it is theirs."""

    def check(played: dict[str, Played]) -> None:
        for one in list(played.values())[7:]:
            assert one.outcomes == ["ok", "unreachable", "unreachable", "unchanged"]
            assert [state["failures"] for state in one.states] == [0, 1, 2, 0]

    outage(tmp_path, 3, check)


def slow(asked: Asked) -> Act:
    """Serve the feed after a while."""

    async def act(wire: Wire) -> None:
        await wire.drip(reply(news(asked, 1, 2, 3)).raw, every_s=0.5, size=500)

    return act


def test_dead_sources_among_one_live_host_are_charged(tmp_path: Path) -> None:
    """Three feeds of a first poll that lead nowhere, quick to fail, beside a host with slow answers: it is theirs."""
    cases = [
        *(Case(f"dead-{n}", "", steady(), lambda p: None, f"http://127.0.0.{n}:1/dead") for n in (4, 5, 6)),
        *(
            Case(f"live-{n}", "", slow, lambda p: None, f"http://{host}:{{port}}/live-{n}")
            for n, host in enumerate(HOSTS)
        ),
    ]
    with running_scripted({case.name: case.script for case in cases}, hosts=HOSTS) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases, allow=["127.0.0.0/8:1"])
        stage.poll()

    assert [stage.source(f"dead-{n}")["last_outcome"] for n in (4, 5, 6)] == ["unreachable"] * 3
    assert [stage.source(f"live-{n}")["last_outcome"] for n in range(10)] == ["ok"] * 10
