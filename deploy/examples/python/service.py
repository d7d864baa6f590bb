"""Runs the shop under load and counts what goes wrong: 100 writes and 300 reads a second.

Each user's visits are written by this process alone, so it knows what a read must find: never less than the last write
that was acknowledged to it before the read, and never more than it has written.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter

from users import BOTH, MONGODB, POSTGRES, Users

WRITES_PER_SECOND, READS_PER_SECOND = 100, 300
WRITERS, READERS = 4, 10
USERS = [f"python-user-{n}" for n in range(100)]


class Service:
    def __init__(self, users):
        self.users = users
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.counts = Counter()
        self.begun = dict.fromkeys(USERS, 0)  # writes that were begun
        self.written = {}  # the last write that was acknowledged
        self.seen = {}  # the last route, and when it was asked for
        self.moves = []
        self.trouble = None  # the first exception

    def write(self, user):
        self.begun[user] += 1
        self.written[user] = self.users.visit(user)
        self.count("writes")

    def read(self, user):
        written, asked = self.written[user], round(time.time(), 3)
        read = self.users.visits(user, written)
        self.follow(user, read.route, asked)
        self.count(read.route)
        if read.side != read.route:
            self.count("late")  # PostgreSQL had not got the user's write in time, and MongoDB answered
        begun = self.begun[user]
        if read.visits is None or not written.visits <= read.visits <= begun:
            self.count("wrong")
        if read.side != MONGODB and (read.row or 0) < written.visits:
            self.count("stale")
        if read.side == BOTH and begun == written.visits and read.row != read.visits:
            self.count("different")  # nothing was written meanwhile, so both sides should have said the same

    def count(self, what, by=1):
        with self.lock:
            self.counts[what] += by

    def follow(self, user, route, asked):
        """Notes when users first got a new route, and until when they got the old one."""
        with self.lock:
            old, until = self.seen.get(user, (route, asked))
            self.seen[user] = (route, asked)
            if old == route:
                return
            now = round(time.time(), 3)
            same = [m for m in self.moves if (m["from"], m["to"]) == (old, route) and now - m["last"] < 2]
            if not same or user in same[-1]["users"]:
                same = [{"from": old, "to": route, "users": set(), "old_until": until, "first": now}]
                self.moves += same
            move = same[-1]
            move["users"].add(user)
            move["old_until"], move["last"] = max(move["old_until"], until), now

    def repeat(self, what, users, per_second):
        due = time.monotonic()
        while not self.stop.is_set():
            for user in users:
                due = max(due + 1 / per_second, time.monotonic() - 1)
                if self.stop.wait(max(0, due - time.monotonic())):
                    return
                try:
                    what(user)
                except Exception as e:
                    self.count("failed")
                    self.trouble = self.trouble or e

    def tell_sluice(self):
        try:
            self.count("reported", self.users.report())
        except Exception as e:
            self.count("failed")
            self.trouble = self.trouble or e

    def report(self, **more):
        with self.lock:
            names = ("writes", MONGODB, POSTGRES, BOTH, "reported", "late", "wrong", "stale", "different", "failed")
            print(json.dumps({name: self.counts[name] for name in names} | more), flush=True)

    def run(self, seconds):
        for user in USERS:
            self.begun[user] = self.users.visit(user).visits  # what an earlier run has written
            self.write(user)
        threads = [
            threading.Thread(target=self.repeat, args=(what, USERS[n::of], rate / of))
            for what, rate, of in ((self.write, WRITES_PER_SECOND, WRITERS), (self.read, READS_PER_SECOND, READERS))
            for n in range(of)
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        while not self.stop.wait(1) and time.monotonic() < end:
            self.tell_sluice()
            self.report()
        self.stop.set()
        for thread in threads:
            thread.join()
        self.tell_sluice()
        self.report(moves=[m | {"users": len(m["users"])} for m in self.moves])


def main():
    setting = os.environ.get
    users = Users(
        os.environ["MONGO_URI"],
        setting("MONGO_DB_NAME", "shop"),
        os.environ["POSTGRES_URI"],
        setting("FLAGS_URL", "http://localhost:8080"),
        setting("SLUICE_API_READ_TOKEN"),
        READERS,
    )
    service = Service(users)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: service.stop.set())
    service.run(float(setting("SECONDS", "60")))
    users.close()
    counts = service.counts
    bad = {what: counts[what] for what in ("wrong", "stale", "different", "failed") if counts[what]}
    if bad:
        first = f" The first failure: {service.trouble!r}" if service.trouble else ""
        sys.exit(f"Reads were not right: {', '.join(f'{n} {what}' for what, n in bad.items())}.{first}")


if __name__ == "__main__":
    main()
