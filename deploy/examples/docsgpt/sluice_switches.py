"""DocsGPT's two switches, answered by Sluice's routes instead of by .env and a restart.

READ_POSTGRES is on while every mapped collection is read from PostgreSQL by everyone: from `sluice cutover --all` until
the rollback of one of them. USE_POSTGRES, DocsGPT's own dual write, is off: Sluice writes PostgreSQL.

    settings = Switches(settings, "http://sluice:8080")

While Sluice can't be asked, READ_POSTGRES stays as it was; before the first answer it is off. No thread is started, so
a process that forks (gunicorn, Celery) may make it before.
"""

import json
import sys
import threading
import time
import urllib.error
import urllib.request


class Switches:
    """Takes the place of DocsGPT's settings: the two switches are Sluice's, everything else is the settings' own."""

    USE_POSTGRES = False

    def __init__(self, settings, sluice_url, token=None, every=0.5, timeout=1.0):
        """every: for how many seconds an answer holds; timeout: how many seconds Sluice has for one."""
        self._settings = settings
        self._url = sluice_url.rstrip("/") + "/ofrep/v1/evaluate/flags"
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._every, self._timeout = every, timeout
        self._asking = threading.Lock()
        self._ask_again = 0.0
        self._read_postgres = False

    @property
    def READ_POSTGRES(self):
        # One thread asks; the others go on with the last answer.
        if time.monotonic() >= self._ask_again and self._asking.acquire(blocking=False):
            try:
                self._ask()
            except (OSError, ValueError):
                pass  # Sluice is away, or what answers is not Sluice: nothing moves.
            finally:
                self._ask_again = time.monotonic() + self._every
                self._asking.release()
        return self._read_postgres

    def _ask(self):
        # All routes at once, for nobody in particular: a route that goes by the user has an error then, and no value.
        request = urllib.request.Request(self._url, b'{"context": {}}', self._headers)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as answer:
                flags = json.load(answer)["flags"]
                self._headers["If-None-Match"] = answer.headers.get("ETag", "")
        except urllib.error.HTTPError as e:
            if e.code == 304:
                return  # as before
            raise
        self._read_postgres = bool(flags) and all(flag.get("value") == "postgres" for flag in flags)

    def __getattr__(self, name):
        return getattr(self._settings, name)


def main(sluice_url, token=None):
    """Prints the switches, and again when they change: to see that Sluice is reached."""
    switches, last = Switches(None, sluice_url, token), None
    while True:
        now = switches.READ_POSTGRES
        if now != last:
            print(f"USE_POSTGRES={str(switches.USE_POSTGRES).lower()} READ_POSTGRES={str(now).lower()}", flush=True)
        last = now
        time.sleep(0.1)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        pass
