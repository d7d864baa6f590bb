// Calls of the REST interface. The token is asked for once and kept for this tab.
import { $ } from './dom.js';

const TOKEN = 'sluice.token';

/** A refusal in the words of the server. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export function headers(more = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

let asking = null;

let given = () => {};
let waitingForToken = null;

/** Done when the user has given another token; who looks waits for that, as nothing else helps. */
export function tokenGiven() {
  waitingForToken ??= new Promise((done) => { given = done; });
  return waitingForToken;
}

/** Asks for a token; true when one was given. Several who ask at once share one question. */
export function askToken(why) {
  asking ??= new Promise((answer) => {
    const dialog = $('ask-token');
    $('ask-token-why').textContent = why;
    $('token-value').value = '';
    dialog.returnValue = '';
    dialog.addEventListener('close', () => {
      const ok = dialog.returnValue === 'ok';
      const value = $('token-value').value.trim();
      if (ok) {
        if (value) sessionStorage.setItem(TOKEN, value);
        else sessionStorage.removeItem(TOKEN);
      }
      $('token-value').value = '';
      asking = null;
      answer(ok && value !== '');
      if (ok) {
        waitingForToken = null;
        given();
      }
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}

async function call(path, options) {
  let response = await fetch(path, { ...options, headers: headers(options.headers) });
  if (response.status === 401) {
    const why = sessionStorage.getItem(TOKEN) ? 'The token that was given is not one of Sluice.' : await detail(response);
    if (await askToken(why)) response = await fetch(path, { ...options, headers: headers(options.headers) });
  }
  if (!response.ok) throw new Refused(response.status, await detail(response));
  return response.json();
}

async function detail(response) {
  try {
    const problem = await response.clone().json();
    return problem.detail ?? problem.message ?? problem.title ?? `Sluice answered ${response.status}.`;
  } catch {
    return `Sluice answered ${response.status}.`;
  }
}

/** @param signal ends it; none where it may take its time */
export const get = (path, signal) => call(path, { signal });

export function post(path, body) {
  return body === undefined
    ? call(path, { method: 'POST' })
    : call(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
}

export const collectionPath = (collection, rest) => `/api/collections/${encodeURIComponent(collection)}/${rest}`;
