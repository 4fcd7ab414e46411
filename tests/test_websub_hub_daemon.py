"""The daemon's hub from outside: subscribed to over HTTP, and killed while it delivers."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from house import Daemon, House, until
from hub import send
from origin import Origin, item, rss
from reader_service import running_service

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def killed(daemon: Daemon) -> None:
    """Kill the daemon as a power cut would."""
    daemon.process.kill()
    daemon.process.wait()


def test_kill_during_delivery_loses_no_notification(house: House, origin: Origin) -> None:
    """Killed with a push under way, and right after a poll: each edition arrives after the next start, signed."""
    with running_service() as service:
        topic = '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "sources:>=1"\n'
        webhook = f'[[webhook]]\nid = "bot"\nurl = "{service.url("/hook")}"\ntopics = ["all"]\nsecret = "{"k" * 20}"\n'
        allow = json.dumps([f"127.0.0.1:{origin.port}", f"127.0.0.1:{service.port}"])
        origin.feed("/feed", rss(item(1)))
        house.configure({"news": origin.url("/feed")}, topic + webhook, poll=f"allow = {allow}\nfloor = '30m'")

        def edition(number: int) -> None:
            """Let the origin have one story more, and poll it."""
            origin.feed("/feed", rss(*(item(n) for n in range(number, 0, -1))))
            house.poll()  # the daemon may have polled it itself just before
            until(lambda: house.rows("SELECT count(*) FROM entries") == [(number,)], "the story does not come in")

        def told(path: str, text: str) -> bool:
            """Tell whether a push to this path has the text in it."""
            return any(push.path == path and text.encode() in push.body for push in list(service.told))

        with house.daemon() as daemon:
            edition(1)
            feed = f"http://127.0.0.1:{house.port}/topics/all.atom"
            form = {"hub.mode": "subscribe", "hub.topic": feed, "hub.callback": service.url("/push"), "hub.secret": "s"}
            hub = f"http://127.0.0.1:{house.port}/hub"
            assert send("POST", hub, urlencode(form).encode(), FORM)[0] == 202
            assert send("GET", hub)[0] == 405
            until(lambda: bool(house.rows("SELECT id FROM subscribers")), "the subscription is not verified")
            until(lambda: bool(house.rows("SELECT sent FROM webhooks")), "the webhook is not begun")
            service.hold.clear()
            edition(2)
            until(lambda: service.at_once == 2, "push and webhook are not under way")
            killed(daemon)
        service.hold.set()
        until(lambda: service.at_once == 0, "the held requests do not end")
        service.told.clear()
        with house.daemon() as daemon:
            until(lambda: told("/push", "Story number 2"), "the push that was broken off is lost")
            until(lambda: told("/hook", "Story number 2"), "the webhook's message that was broken off is lost")
            edition(3)
            killed(daemon)
        with house.daemon() as daemon:
            until(lambda: told("/push", "Story number 3"), "what was polled before the kill is not pushed")
            until(lambda: told("/hook", "Story number 3"), "nor posted")
            status = json.loads(house.wireroom("status", "--json").out)
            daemon.stop()

        assert all(push.is_signed_with("s") for push in service.told if push.path == "/push")
        numbers = [
            story["number"]
            for push in service.told
            if push.path == "/hook"
            for story in json.loads(push.body)["data"]["stories"]
        ]
        assert {2, 3} <= set(numbers)
        assert [(row["topic"], row["format"], row["subscribers"]) for row in status["hub"]] == [("all", "atom", 1)]
        assert [(row["webhook"], row["topic"], row["waiting"]) for row in status["webhooks"]] == [("bot", "all", 0)]
        assert status["pings"] == []
        log = (house.folder / "daemon.log").read_text(encoding="utf-8")
        assert "k" * 20 not in log
