/** The users of a shop: written to MongoDB, read from the side that Sluice's route names. */

import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { MongoClient } from 'mongodb';
import pg from 'pg';

/** The sides. With both, both are read and MongoDB's answer counts. */
export const MONGODB = 'mongodb';
export const POSTGRES = 'postgres';
export const BOTH = 'both';

export class Users {
  static async open({ mongoUri, database, postgresUri, sluiceUrl, token, connections }) {
    const headers = token ? [['Authorization', `Bearer ${token}`]] : [];
    await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: sluiceUrl, headersFactory: () => headers }));
    const users = new Users();
    users.mongo = await new MongoClient(mongoUri).connect();
    users.documents = users.mongo.db(database).collection('users');
    users.rows = new pg.Pool({ connectionString: postgresUri, max: connections });
    users.flags = OpenFeature.getClient();
    users.reports = new URL('/api/shadow-reads', sluiceUrl);
    users.headers = [['Content-Type', 'application/json'], ...headers];
    return users;
  }

  #found = [];

  /**
   * Counts a visit. Every write goes to MongoDB, wherever reads go. Gives what was written and MongoDB's operation
   * time, which a web application keeps in the user's session.
   */
  async visit(user) {
    return this.mongo.withSession(async (session) => {
      const document = await this.documents.findOneAndUpdate(
        { _id: user },
        { $inc: { visits: 1 }, $setOnInsert: { name: user } },
        { upsert: true, returnDocument: 'after', session },
      );
      return { visits: document.visits, operationTime: session.operationTime };
    });
  }

  /** Where this user's reads go. The same user gets the same answer until an operator moves the route. */
  async route(user) {
    const answer = await this.flags.getStringDetails('users', MONGODB, { targetingKey: user });
    if (answer.errorCode) {
      // A real application goes on with MongoDB, which has everything; this one is to count it.
      throw new Error(`Sluice gave no route: ${answer.errorMessage}`);
    }
    return answer.value;
  }

  /**
   * Reads a user's visits; written is the last write that this user knows of. Gives the route that Sluice named, the
   * side that was read, the visits, and what PostgreSQL said if it was asked.
   */
  async visits(user, written) {
    const route = await this.route(user);
    if (route === MONGODB || !(await this.#has(written))) {
      // Also where PostgreSQL is behind by more than we are willing to wait: MongoDB has it.
      return { route, side: MONGODB, visits: await this.#document(user) };
    }
    const began = performance.now();
    const row = await this.#row(user);
    if (route === POSTGRES) {
      return { route, side: route, visits: row, row };
    }
    const between = performance.now();
    const visits = await this.#document(user);
    this.#found.push({
      collection: 'users',
      key: user,
      result: visits === row ? 'equal' : 'different',
      mongodb_ms: performance.now() - between,
      postgres_ms: between - began,
    });
    return { route, side: route, visits, row };
  }

  /**
   * Tells Sluice what reads of both sides have found since the last time, and gives their number. A difference may be a
   * write in between: Sluice compares the document again itself.
   */
  async report() {
    const reads = this.#found.splice(0, 1000);
    if (reads.length) {
      const { reports, headers } = this;
      const answer = await fetch(reports, { method: 'POST', headers, body: JSON.stringify({ reads }) });
      if (!answer.ok) {
        throw new Error(`Sluice did not take a report: ${await answer.text()}`);
      }
    }
    return reads.length;
  }

  async #document(user) {
    return (await this.documents.findOne({ _id: user }, { projection: { visits: 1 } }))?.visits;
  }

  async #row(user) {
    const found = await this.rows.query("SELECT (rest->>'visits')::integer AS visits FROM users WHERE id = $1", [user]);
    return found.rows[0]?.visits;
  }

  /** Whether PostgreSQL has the write; waits for it for a second. */
  async #has({ operationTime }) {
    const found = await this.rows.query("SELECT sluice.wait_for($1, $2, interval '1 second', 'users') AS there", [
      operationTime.getHighBitsUnsigned(),
      operationTime.getLowBitsUnsigned(),
    ]);
    return found.rows[0].there;
  }

  async close() {
    await this.rows.end();
    await this.mongo.close();
  }
}
