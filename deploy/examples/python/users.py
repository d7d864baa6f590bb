"""The users of a shop: written to MongoDB, read from the side that Sluice's route names."""

import time
from collections import deque
from dataclasses import dataclass

import requests
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from psycopg_pool import ConnectionPool
from pymongo import MongoClient, ReturnDocument

MONGODB, POSTGRES, BOTH = "mongodb", "postgres", "both"  # with both, MongoDB's answer counts


@dataclass(frozen=True)
class Written:
    """A write that MongoDB has acknowledged. A web application keeps the operation time in the user's session."""

    visits: int
    operation_time: object  # bson.Timestamp


@dataclass(frozen=True)
class Read:
    """What was read: route is what Sluice said, side where it was read, row what PostgreSQL said if it was asked."""

    route: str
    side: str
    visits: int | None
    row: int | None = None


class Users:
    def __init__(self, mongo_uri, database, postgres_uri, sluice_url, token=None, connections=10):
        self._mongo = MongoClient(mongo_uri)
        self._documents = self._mongo[database]["users"]
        self._rows = ConnectionPool(
            postgres_uri, min_size=connections, max_size=connections, kwargs={"autocommit": True}, open=True
        )
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        api.set_provider(OFREPProvider(sluice_url, headers_factory=lambda: self._headers))
        self._flags = api.get_client()
        self._reports = sluice_url.rstrip("/") + "/api/shadow-reads"
        self._found = deque()

    def visit(self, user):
        """Counts a visit. Every write goes to MongoDB, wherever reads go."""
        with self._mongo.start_session() as session:
            document = self._documents.find_one_and_update(
                {"_id": user},
                {"$inc": {"visits": 1}, "$setOnInsert": {"name": user}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            return Written(document["visits"], session.operation_time)

    def route(self, user):
        """Where this user's reads go. The same user gets the same answer until an operator moves the route."""
        answer = self._flags.get_string_details("users", MONGODB, EvaluationContext(targeting_key=user))
        if answer.error_code:
            # A real application goes on with MongoDB, which has everything; this one is to count it.
            raise RuntimeError(f"Sluice gave no route: {answer.error_message}")
        return answer.value

    def visits(self, user, written):
        """Reads a user's visits; written is the last write that this user knows of."""
        route = self.route(user)
        if route == MONGODB:
            return Read(route, MONGODB, self._document(user))
        if not self._has(written):
            # PostgreSQL is behind by more than we are willing to wait. MongoDB has it.
            return Read(route, MONGODB, self._document(user))
        began = time.perf_counter()
        row = self._row(user)
        if route == POSTGRES:
            return Read(route, route, row, row)
        between = time.perf_counter()
        document = self._document(user)
        self._note(user, document == row, time.perf_counter() - between, between - began)
        return Read(route, route, document, row)

    def _note(self, user, equal, mongodb, postgres):
        result = "equal" if equal else "different"
        times = {"mongodb_ms": round(mongodb * 1000, 2), "postgres_ms": round(postgres * 1000, 2)}
        self._found.append({"collection": "users", "key": user, "result": result} | times)

    def report(self):
        """Tells Sluice what reads of both sides have found since the last time, and gives their number.

        A difference may be a write in between: Sluice compares the document again itself.
        """
        reads = [self._found.popleft() for _ in range(min(len(self._found), 1000))]
        if reads:
            requests.post(self._reports, json={"reads": reads}, headers=self._headers, timeout=5).raise_for_status()
        return len(reads)

    def _document(self, user):
        document = self._documents.find_one({"_id": user}, {"visits": 1})
        return document and document["visits"]

    def _row(self, user):
        with self._rows.connection() as connection:
            row = connection.execute("SELECT (rest->>'visits')::integer FROM users WHERE id = %s", (user,)).fetchone()
            return row and row[0]

    def _has(self, written):
        """Whether PostgreSQL has the write; waits for it for a second."""
        time = written.operation_time
        with self._rows.connection() as connection:
            return connection.execute(
                "SELECT sluice.wait_for(%s, %s, interval '1 second', 'users')", (time.time, time.inc)
            ).fetchone()[0]

    def close(self):
        self._rows.close()
        self._mongo.close()
