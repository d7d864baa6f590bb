/**
 * Runs the shop under load and counts what goes wrong: 100 writes and 300 reads a second.
 *
 * Each user's visits are written by this process alone, so it knows what a read must find: never less than the last
 * write that was acknowledged to it before the read, and never more than it has written.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { BOTH, MONGODB, Users } from './users.js';

const WRITES_PER_SECOND = 100;
const READS_PER_SECOND = 300;
const WRITERS = 4;
const READERS = 10;
const USERS = Array.from({ length: 100 }, (_, n) => `node-user-${n}`);

const BAD = ['wrong', 'stale', 'different', 'failed'];
const counts = Object.fromEntries(
  ['writes', 'mongodb', 'postgres', 'both', 'reported', 'late', ...BAD].map((what) => [what, 0]),
);
const begun = new Map(); // writes that were begun
const written = new Map(); // the last write that was acknowledged
const seen = new Map(); // the last route, and when it was asked for
const moves = [];
let trouble; // the first error
let stopped = false;

async function write(users, user) {
  begun.set(user, begun.get(user) + 1);
  written.set(user, await users.visit(user));
  counts.writes++;
}

async function read(users, user) {
  const last = written.get(user);
  const asked = Date.now() / 1000;
  const found = await users.visits(user, last);
  follow(user, found.route, asked);
  counts[found.route]++;
  if (found.side !== found.route) {
    counts.late++; // PostgreSQL had not got the user's write in time, and MongoDB answered
  }
  if (!(last.visits <= found.visits && found.visits <= begun.get(user))) {
    counts.wrong++;
  }
  if (found.side !== MONGODB && !(last.visits <= found.row)) {
    counts.stale++;
  }
  if (found.side === BOTH && begun.get(user) === last.visits && found.row !== found.visits) {
    counts.different++; // nothing was written meanwhile, so both sides should have said the same
  }
}

/** Notes when users first got a new route, and until when they got the old one. */
function follow(user, route, asked) {
  const { route: old, asked: until } = seen.get(user) ?? { route, asked };
  seen.set(user, { route, asked });
  if (old === route) {
    return;
  }
  const now = Date.now() / 1000;
  let move = moves.findLast((m) => m.from === old && m.to === route && now - m.last < 2);
  if (!move || move.users.has(user)) {
    move = { from: old, to: route, users: new Set(), old_until: until, first: now };
    moves.push(move);
  }
  move.users.add(user);
  move.old_until = Math.max(move.old_until, until);
  move.last = now;
}

async function repeat(what, users, perSecond) {
  for (let due = performance.now(); !stopped; ) {
    for (const user of users) {
      due = Math.max(due + 1000 / perSecond, performance.now() - 1000);
      await sleep(Math.max(0, due - performance.now()));
      if (stopped) {
        return;
      }
      await what(user).catch((e) => {
        counts.failed++;
        trouble ??= e;
      });
    }
  }
}

async function tellSluice(users) {
  try {
    counts.reported += await users.report();
  } catch (e) {
    counts.failed++;
    trouble ??= e;
  }
}

const users = await Users.open({
  mongoUri: process.env.MONGO_URI,
  database: process.env.MONGO_DB_NAME ?? 'shop',
  postgresUri: process.env.POSTGRES_URI,
  sluiceUrl: process.env.FLAGS_URL ?? 'http://localhost:8080',
  token: process.env.SLUICE_API_READ_TOKEN,
  connections: READERS,
});
process.on('SIGTERM', () => (stopped = true)).on('SIGINT', () => (stopped = true));
for (const user of USERS) {
  begun.set(user, (await users.visit(user)).visits); // what an earlier run has written
  await write(users, user);
}
const loops = [
  { what: write, perSecond: WRITES_PER_SECOND, of: WRITERS },
  { what: read, perSecond: READS_PER_SECOND, of: READERS },
].flatMap(({ what, perSecond, of }) =>
  Array.from({ length: of }, (_, n) =>
    repeat((user) => what(users, user), USERS.filter((_, i) => i % of === n), perSecond / of),
  ),
);
for (let left = Number(process.env.SECONDS ?? 60); left > 0 && !stopped; left--) {
  await sleep(1000);
  await tellSluice(users);
  console.log(JSON.stringify(counts));
}
stopped = true;
await Promise.all(loops);
await tellSluice(users);
await users.close();
console.log(JSON.stringify({ ...counts, moves: moves.map((m) => ({ ...m, users: m.users.size })) }));
const bad = BAD.filter((what) => counts[what]).map((what) => `${counts[what]} ${what}`);
if (bad.length) {
  console.error(`Reads were not right: ${bad.join(', ')}.${trouble ? ` The first failure: ${trouble}` : ''}`);
  process.exitCode = 1;
}
