"""Secret topics: known to who was told the address, and exchanged when a person wants it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.tokens import Tokens
from house import Daemon, House
from origin import Origin, item, rss
from served import Client, running_site
from wireroom.addresses import addresses
from wireroom.config import Topic

TOKEN = re.compile(r"[0-9a-f]{32}")
OPEN = '[[topic]]\nid = "open"\ntitle = "Open"\nmatch = "story"\n'
SECRET = '[[topic]]\nid = "hush"\ntitle = "Quiet matters"\nmatch = "story"\nsecret = true\n'


def configure(house: House, origin: Origin, rest: str) -> None:
    """Write a config of one source and these topics."""
    origin.feed("/f", rss(item(1), item(2)))
    house.configure({"f": origin.url("/f")}, rest, allow=origin.port)


def listed(house: House) -> dict[str, dict[str, Any]]:
    """Ask for the addresses → by topic."""
    return {row["topic"]: row for row in json.loads(house.wireroom("topic", "list", "--json").out)}


def published(house: House) -> set[str]:
    """List the files and folders of the topics, without their suffixes."""
    return {
        re.sub(r"\.(rss|atom|json)(\.gz|\.br)?$", "", path.name)
        for path in (house.folder / "public" / "topics").iterdir()
    }


def path_of(address: str) -> str:
    """Give what follows host and port."""
    return "/" + address.split("/", 3)[3]


def test_secret_topic_is_at_an_address_that_nobody_can_guess_and_that_nothing_tells(
    house: House, origin: Origin
) -> None:
    """Not on the front page; its plain address is answered as one that never was; no engine is to keep it."""
    configure(house, origin, OPEN + SECRET)
    house.poll()
    rows = listed(house)
    address = rows["hush"]["rss"]
    lines = house.wireroom("topic", "list").out.splitlines()
    assert lines == [f"open  {rows['open']['rss']}", f"hush  {address}  (secret)"], "whole, however narrow the terminal"
    assert TOKEN.fullmatch(address.removesuffix(".rss").rpartition("hush-")[2])
    assert rows["open"]["rss"].endswith("/topics/open.rss")
    assert published(house) == {"open", path_of(address).split("/")[2].removesuffix(".rss")}

    with house.daemon() as daemon:
        status, headers, body = daemon.get(path_of(address))
        assert (status, headers["x-robots-tag"]) == (200, "noindex")
        assert headers["cache-control"].startswith("private")
        assert f'href="{address}" rel="self"'.encode() in body
        assert "x-robots-tag" not in daemon.get("/topics/open.rss")[1]
        assert answer(daemon, "/topics/hush.rss") == answer(daemon, "/topics/never-was.rss")
        page = daemon.get("/")[2]
        assert b"Open" in page
        assert b"Quiet" not in page
        assert b"hush" not in page
        assert b"hush" not in daemon.get("/topics/open.json")[2]


def test_query_that_names_a_secret_topic_is_told_to_nobody(house: House, origin: Origin) -> None:
    """Not by the page of the topic that has it, in the folder or served, nor to programs; other queries are."""
    sees = '[[query]]\nid = "wide"\nmatch = "@hush OR tea"\n' + "".join(
        f'[[topic]]\nid = "{id_}"\ntitle = "T"\nmatch = "{match}"\n'
        for id_, match in (("sees", "story @hush"), ("round", "story @wide"), ("plain", "story @open"))
    )
    configure(house, origin, OPEN + SECRET + sees)
    house.poll()
    page = house.folder / "public" / "topics"
    assert "@open" in (page / "plain" / "index.html").read_text()
    with house.daemon() as daemon:
        told = daemon.get("/api/topics")[2].decode()
        assert "story @open" in told
        for topic, named in (("sees", "hush"), ("round", "wide")):
            pages = [daemon.get(f"/{path}")[2].decode() for path in (f"topics/{topic}/", f"api/topics/{topic}/stories")]
            for text in (told, *pages, (page / topic / "index.html").read_text()):
                assert f"@{named}" not in text
                assert f"%40{named}" not in text
        secret = path_of(listed(house)["hush"]["rss"]).removeprefix("/topics/").removesuffix(".rss")
        got = json.loads(daemon.get(f"/api/topics/{secret}/stories")[2])
        assert (got["topic"]["match"], len(got["stories"])) == ("", 2), "who has its address reads it, and no more"


def answer(daemon: Daemon, path: str) -> tuple[int, dict[str, str], bytes]:
    """Ask → the answer without its date."""
    status, headers, body = daemon.get(path)
    return status, {name: value for name, value in headers.items() if name != "date"}, body


def test_rotated_topic_is_at_another_address_with_the_same_ids_and_the_old_one_is_gone(
    house: House, origin: Origin
) -> None:
    """Beside a running daemon, and without one; over restarts too. Its files are taken away."""
    configure(house, origin, SECRET)
    house.poll()
    first = path_of(listed(house)["hush"]["rss"])
    before = (house.folder / "public" / first.lstrip("/")).read_text(encoding="utf-8")
    with house.daemon() as daemon:
        done = house.wireroom("topic", "rotate", "hush")
        assert done.code == 0, done.err
        second = path_of(done.out.splitlines()[0])
        assert second != first
        assert [daemon.get(path)[0] for path in (first, second)] == [410, 200]
        assert daemon.get(first)[1]["x-robots-tag"] == "noindex"
    assert published(house) == {second.split("/")[2].removesuffix(".rss")}
    after = (house.folder / "public" / second.lstrip("/")).read_text(encoding="utf-8")
    assert after.replace(second.removesuffix(".rss"), first.removesuffix(".rss")) == before
    third = path_of(json.loads(house.wireroom("topic", "rotate", "hush", "--json").out)["rss"])
    assert published(house) == {third.split("/")[2].removesuffix(".rss")}

    with house.daemon() as daemon:
        assert [daemon.get(path)[0] for path in (first, second, third)] == [410, 410, 200]
        assert daemon.get("/topics/hush.rss")[0] == 404


@pytest.mark.parametrize("by_daemon", [True, False])
def test_topic_that_becomes_secret_or_public_moves_and_leaves_nothing_behind(
    house: House, origin: Origin, *, by_daemon: bool
) -> None:
    """A reload does it, and so does a round of polls. Who knows the secret address is led to the public one."""
    public = SECRET.replace("secret = true\n", "")
    configure(house, origin, public)
    house.poll()
    assert published(house) == {"hush"}
    if not by_daemon:
        configure(house, origin, SECRET)
        house.poll()
        name = path_of(listed(house)["hush"]["rss"]).split("/")[2].removesuffix(".rss")
        assert published(house) == {name}
        configure(house, origin, public)
        house.poll()
        assert published(house) == {"hush"}
        configure(house, origin, SECRET)
        house.poll()
        assert published(house) == {name}, "secret again, it is where its subscribers look for it"
        return
    with house.daemon() as daemon:
        configure(house, origin, SECRET)
        reload(house)
        secret = path_of(listed(house)["hush"]["rss"])
        assert [daemon.get(path)[0] for path in ("/topics/hush.rss", secret)] == [404, 200]
        configure(house, origin, public)
        reload(house)
        status, headers, _ = daemon.get(secret)
        assert (status, path_of(headers["location"])) == (301, "/topics/hush.rss")
        assert published(house) == {"hush"}


def reload(house: House) -> None:
    """Have the daemon read the config anew, and wait until it has."""
    from wireroom.config import load_config
    from wireroom.reload import tell_daemon

    assert tell_daemon(load_config(house.config))["state"] == "reloaded"


def test_rotate_says_what_is_wrong(house: House, origin: Origin) -> None:
    """No such topic, or one whose address everybody knows."""
    configure(house, origin, OPEN + SECRET)
    house.poll()

    done = house.wireroom("topic", "rotate", "husk")
    assert (done.code, "did you mean 'hush'?" in done.err) == (2, True)
    done = house.wireroom("topic", "rotate", "open")
    assert (done.code, "write secret = true first" in done.err) == (2, True)
    assert house.rows("SELECT count(*) FROM tokens") == [(1,)]


def topic(id_: str, *was: str, secret: bool = True) -> Topic:
    """Make a topic of a config."""
    return Topic(id=id_, title="T", was=was, match="x", limit=1, dedupe="copies", grouping="off", secret=secret)


def test_only_who_knows_a_token_learns_what_became_of_a_topic() -> None:
    """Renamed, exchanged, public again, taken out; nothing leads from a plain name to a secret one."""
    tokens = {"new": Tokens("good", ("old", "older")), "out": Tokens("other", ("another",))}
    secret = addresses([topic("new", "was")], tokens, ["out"])
    assert secret.names == {"new": "new-good"}
    assert secret.moved == {"was-good": "new-good"}
    assert secret.gone == {"new-old", "new-older", "was-old", "was-older"}
    assert secret.old == secret.gone | {"new", "was", "was-good", "out", "out-other", "out-another"}

    public = addresses([topic("new", "was", secret=False)], tokens, [])
    assert public.names == {"new": "new"}
    assert public.moved == {"was": "new", "was-good": "new", "new-good": "new"}
    assert public.gone == secret.gone

    plain = addresses([topic("a", "b", secret=False)], {}, [])
    assert (plain.names, plain.moved) == ({"a": "a"}, {"b": "a"})
    assert (sorted(plain.gone), sorted(plain.old)) == ([], ["b"])


def test_secret_topic_without_a_token_has_no_address_at_all() -> None:
    """Whatever went wrong: it is never at its plain one."""
    assert addresses([topic("hush")], {}, []).names == {}


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Serve while the module's tests ask."""
    with running_site(tmp_path_factory.mktemp("public")) as client:
        yield client


def test_gone_address_is_answered_with_410_for_any_format(ask: Client) -> None:
    """Readers then stop asking; it says where to ask for the new one."""
    for fmt in ("rss", "atom", "json"):
        status, headers, body = ask(f"/topics/secret-0123.{fmt}")
        assert (status, headers["x-robots-tag"]) == (410, "noindex")
        assert b"another address" in body
    assert ask("/topics/secret-0123.html")[0] == 404


def test_names_of_secret_topics_fit_the_folder_of_published_files(tmp_path: Path) -> None:
    """An id may be 64 characters long."""
    from db.tokens import mint_token
    from feeds.publish import Publisher
    from feeds.render import feed_path, public_name

    name = feed_path(public_name("i" * 64, mint_token()), "json")
    Publisher(tmp_path).write(name, b"body", "x/y")

    assert (tmp_path / name).read_bytes() == b"body"


def test_trouble_that_everybody_can_read_does_not_tell_the_address(house: House, origin: Origin) -> None:
    """A folder stands where a file should: the page on our health says so, without id or token."""
    configure(house, origin, SECRET)
    house.poll()
    path = path_of(listed(house)["hush"]["rss"])
    file = house.folder / "public" / path.lstrip("/")
    file.unlink()
    file.mkdir()
    with house.daemon() as daemon:
        status, _, body = daemon.get("/healthz")
        assert daemon.get(path.replace(".rss", ".atom"))[0] == 404

    assert status == 503
    assert b"(secret).rss: can't be written" in body
    assert b"hush" not in body
