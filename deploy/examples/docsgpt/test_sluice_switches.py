"""Run with: python3 -m unittest, in this folder."""

import json
import threading
import types
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

from sluice_switches import Switches

POSTGRES, MONGODB, BOTH = ({"value": side} for side in ("postgres", "mongodb", "both"))
BY_USER = {"errorCode": "TARGETING_KEY_MISSING", "errorDetails": "The route goes by the targeting key."}


class Sluice(HTTPServer):
    """Answers as Sluice does; ApplicationsIT asks a real one."""

    status, flags, asked, token = 200, [], 0, None

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            sluice = self.server
            sluice.asked += 1
            sluice.token = self.headers["Authorization"]
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"flags": [{"key": f"c{i}"} | flag for i, flag in enumerate(sluice.flags)]}).encode()
            etag = f'"{hash(body)}"'
            unchanged = sluice.status == 200 and self.headers["If-None-Match"] == etag
            self.send_response(304 if unchanged else sluice.status)
            self.send_header("ETag", etag)
            self.send_header("Content-Length", "0" if unchanged else str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if unchanged else body)

        def log_message(self, *_):
            pass


class SwitchesTest(unittest.TestCase):
    def setUp(self):
        self.sluice = Sluice(("127.0.0.1", 0), Sluice.Handler)
        threading.Thread(target=self.sluice.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(self.sluice.server_close)
        self.addCleanup(self.sluice.shutdown)
        settings = types.SimpleNamespace(USE_POSTGRES=True, READ_POSTGRES=True, MONGO_DB_NAME="docsgpt")
        self.switches = Switches(settings, f"http://127.0.0.1:{self.sluice.server_port}/", "look", every=0)

    def reads_postgres(self, *flags):
        self.sluice.flags = flags
        return self.switches.READ_POSTGRES

    def test_reads_move_when_all_collections_have_and_move_back_with_the_first(self):
        self.assertFalse(self.reads_postgres(MONGODB, MONGODB))
        self.assertFalse(self.reads_postgres(POSTGRES, MONGODB))
        self.assertTrue(self.reads_postgres(POSTGRES, POSTGRES))
        self.assertFalse(self.reads_postgres(POSTGRES, MONGODB))

    def test_a_share_of_the_users_is_not_all_of_them(self):
        self.assertFalse(self.reads_postgres(POSTGRES, BY_USER))
        self.assertFalse(self.reads_postgres(POSTGRES, BOTH))
        self.assertFalse(self.reads_postgres())

    def test_an_answer_that_has_not_changed_is_taken_as_before(self):
        self.assertTrue(self.reads_postgres(POSTGRES))
        self.assertTrue(self.reads_postgres(POSTGRES))
        self.assertEqual(self.sluice.asked, 2)

    def test_while_sluice_is_away_or_not_ready_nothing_moves(self):
        self.sluice.status = 503
        self.assertFalse(self.reads_postgres(POSTGRES))
        self.sluice.status = 200
        self.assertTrue(self.reads_postgres(POSTGRES))
        self.sluice.status = 503
        self.assertTrue(self.reads_postgres(MONGODB))
        self.sluice.shutdown()
        self.sluice.server_close()
        self.assertTrue(self.switches.READ_POSTGRES)

    def test_an_answer_holds_for_a_while(self):
        self.switches._every = 60
        self.assertTrue(self.reads_postgres(POSTGRES))
        self.assertTrue(self.reads_postgres(MONGODB))
        self.assertEqual(self.sluice.asked, 1)

    def test_the_dual_write_stays_off_and_other_settings_are_docsgpts(self):
        self.assertIs(self.switches.USE_POSTGRES, False)
        self.assertEqual(self.switches.MONGO_DB_NAME, "docsgpt")
        self.reads_postgres()
        self.assertEqual(self.sluice.token, "Bearer look")


if __name__ == "__main__":
    unittest.main()
