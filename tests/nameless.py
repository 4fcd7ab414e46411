"""A daemon in a room of its own whose name server is silent, then speaks: run by ``unshare -rnm``. IO: network, files.

``python nameless.py FOLDER`` prints what was seen, as JSON. The name server is the room's only one, and ours.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from house import House, until
from origin import item, rss
from scripted import Answer, Asked, reply, running_scripted

COUNT = 60
SIOCSIFFLAGS, UP_LOOPBACK_RUNNING = 0x8914, 0x49


def answer(question: bytes) -> bytes:
    """Answer a DNS query: every name is at 127.0.0.1; of other types than A there is nothing."""
    end = question.index(b"\0", 12) + 5
    is_a = question[end - 4 : end - 2] == b"\0\1"
    head = question[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, int(is_a), 0, 0)
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes([127, 0, 0, 1]) if is_a else b""
    return head + question[12:end] + record


class NameServer:
    """Takes all queries, and answers them while it speaks."""

    def __init__(self) -> None:
        self.speaks = False
        self.asked = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            question, where = self._socket.recvfrom(4096)
            self.asked += 1
            if self.speaks:
                self._socket.sendto(answer(question), where)


def news(asked: Asked) -> Answer:
    """Serve a feed of one item."""
    return reply(rss(item(asked.name), title=asked.name).encode())


def furnish(folder: Path) -> None:
    """Give the room its loopback interface, and its name server."""
    with socket.socket() as one:
        fcntl.ioctl(one, SIOCSIFFLAGS, struct.pack("16sh", b"lo", UP_LOOPBACK_RUNNING))
    conf = folder / "resolv.conf"
    conf.write_text("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", str(conf), "/etc/resolv.conf"], check=True)


def main(folder: Path) -> None:
    """See it through."""
    furnish(folder)
    server = NameServer()
    house = House(folder)
    with running_scripted({f"s{n}": news for n in range(COUNT)}) as origin:
        sources = {f"s{n}": f"http://n{n}.example{n}.org:{origin.port}/s{n}" for n in range(COUNT)}
        topic = '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "story"\n'
        house.configure(sources, topic, allow=origin.port, poll='floor = "1s"\nceiling = "2s"')
        house.config.write_text(house.config.read_text().replace('timeout = "10s"', 'timeout = "3s"'))
        with house.daemon() as daemon:
            tasks = Path(f"/proc/{daemon.process.pid}/task")
            began, most, slowest = time.monotonic(), 0, 0.0
            while time.monotonic() < began + 12:
                most = max(most, len([*tasks.iterdir()]))
                asked = time.monotonic()
                daemon.get("/topics/all.rss")
                slowest = max(slowest, time.monotonic() - asked)
                time.sleep(0.2)
            silent = house.rows("SELECT last_outcome, sum(failures), count(*) FROM sources GROUP BY 1")
            server.speaks = True
            spoke = time.monotonic()
            good = "SELECT count(*) FROM sources WHERE last_outcome IN ('ok', 'unchanged')"
            until(lambda: house.rows(good) == [(COUNT,)], "not all are polled again")
            back_s = time.monotonic() - spoke
            daemon.stop()
        lines = [line for line in house.log_lines() if line["event"] == "network"]
    seen = {
        "silent": silent,
        "threads": most,
        "slowest_s": slowest,
        "back_s": back_s,
        "lines": len(lines),
        "code": daemon.process.returncode,
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
