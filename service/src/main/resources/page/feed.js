// The stream of events. By fetch and not by EventSource, which can't send a token. Comes back by itself, and with the
// id of the last event it has seen, so that it catches up.
import { get, headers, Refused, tokenGiven } from './api.js';

const RETRY_MILLIS = 1000;
const STALE_MILLIS = 3000;

/**
 * Watches the pipeline for as long as the page is open.
 *
 * @param on `snapshot(snapshot)`, `event(type, data)`, `connection(state, since)` where state is connecting, live,
 *   stale, lost or token (it takes one that was not given), and since the time of the last news
 */
export function watch(on) {
  let lastId = null;
  let lastNews = Date.now();
  let state = 'connecting';
  let abort = null;

  const become = (next) => {
    if (next !== state) {
      state = next;
      on.connection(state, lastNews);
    }
  };

  async function begin() {
    const snapshot = await get('/api/live', AbortSignal.timeout(3 * STALE_MILLIS));
    lastId = snapshot.id;
    on.snapshot(snapshot);
  }

  async function listen() {
    if (lastId === null) await begin();
    const own = new AbortController();
    abort = own;
    // A server that takes the call and does not answer is as good as none.
    const opening = setTimeout(() => own.abort(), STALE_MILLIS);
    let response;
    try {
      response = await fetch('/api/events', {
        headers: headers({ Accept: 'text/event-stream', 'Last-Event-ID': lastId }), signal: own.signal, cache: 'no-store',
      });
    } finally {
      clearTimeout(opening);
    }
    if (!response.ok) throw new Refused(response.status, `Sluice answered ${response.status}.`);
    await read(response.body);
  }

  async function read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      let end;
      while ((end = rest.indexOf('\n\n')) >= 0) {
        await take(rest.slice(0, end));
        rest = rest.slice(end + 2);
      }
    }
  }

  async function take(block) {
    let id = null;
    let type = 'message';
    const data = [];
    for (const line of block.split('\n')) {
      const at = line.indexOf(':');
      const field = line.slice(0, at);
      const content = line.slice(at + 1).replace(/^ /, '');
      if (field === 'id') id = content;
      else if (field === 'event') type = content;
      else if (field === 'data') data.push(content);
    }
    lastNews = Date.now();
    if (type === 'reset') await begin();
    else {
      if (id !== null) lastId = id;
      on.event(type, JSON.parse(data.join('\n')));
    }
    if (type === 'tick' || type === 'reset') become('live');
  }

  async function forever() {
    for (;;) {
      try {
        await listen();
        // Ended in peace, as after ten minutes.
        await pause(100);
      } catch (failure) {
        if (failure instanceof Refused && failure.status === 401) {
          become('token');
          await tokenGiven();
        } else {
          become('lost');
          await pause(RETRY_MILLIS);
        }
      }
    }
  }

  setInterval(() => {
    if (Date.now() - lastNews > STALE_MILLIS) {
      if (state === 'live') become('stale');
      // The line may be dead without a word.
      if (Date.now() - lastNews > 3 * STALE_MILLIS) abort?.abort();
    }
    if (state === 'lost' || state === 'stale') on.connection(state, lastNews);
  }, 500);
  forever();
}

const pause = (millis) => new Promise((done) => setTimeout(done, millis));
