// What a collection's row opens to. Asked for when it opens, and again while it is open.
import { el, text } from './dom.js';
import { collectionPath, get } from './api.js';
import { acceptDeadLetter, cutOver, discard, retry, rollback, verify } from './actions.js';
import { Chart } from './charts.js';
import { count, rate, seconds, when, words, UNKNOWN } from './format.js';

const AGAIN_MILLIS = 5000;
const SHOWN = 50;

export class Details {
  #timer;
  #shown = {};
  #asking = false;
  #closed = false;

  constructor(collection, place, view) {
    this.collection = collection;
    this.view = view;
    const section = (title, wide) => {
      const body = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${title} of ${collection}` }, 'asking ...');
      place.append(el('section', { class: wide ? 'wide' : null }, el('h3', {}, title), body));
      return body;
    };
    this.actions = el('div', { class: 'actions' },
      el('button', { type: 'button', onclick: () => verify([collection], false) }, 'Verify'),
      el('button', { type: 'button', onclick: () => verify([collection], true) }, 'Repair'),
      el('button', { type: 'button', class: 'primary', onclick: () => cutOver(collection, this.view()?.route) }, 'Cut over …'),
      el('button', { type: 'button', onclick: () => rollback(collection).then(() => this.#ask()) }, 'Roll back'));
    this.finished = el('p', { class: 'actions', hidden: '' },
      'Its writes have moved to PostgreSQL: Sluice follows and compares it no more. ', el('a', { href: '/api/certificates' }, 'Certificates'));
    place.replaceChildren(this.actions, this.finished);
    this.#offer(this.view());
    this.gate = section('Gate');
    const hour = el('div', { class: 'chart', role: 'img', 'aria-label': `Changes per second of ${collection} in the last hour` });
    place.append(el('section', {}, el('h3', {}, 'Applied in the last hour, changes/s'), hour));
    this.chart = new Chart(hour, 1, (value) => rate(value));
    this.mapping = section('Mapping', true);
    this.drift = section('Drift');
    this.dead = section('Dead letters');
    this.moves = section('History');
    this.verification = section('Verification');
    this.counts = section('Documents and rows');
    get(collectionPath(collection, 'history')).then((h) => this.chart.begin(h.through, h.changes_per_second)).catch(() => {});
    get(collectionPath(collection, 'mapping')).then((mapping) => this.mapping.replaceChildren(...mappingTables(mapping)))
      .catch((refused) => text(this.mapping, refused.message));
    this.#ask();
    this.#timer = setInterval(() => this.#ask(), AGAIN_MILLIS);
  }

  /** @param own this collection's numbers of the second */
  tick(tick, own) {
    this.chart.add(tick.at, own.changes_per_second);
  }

  changed(view) {
    this.#offer(view);
    if (view) this.#ask();
  }

  /** Nothing of a collection whose writes have moved can be verified or moved. */
  #offer(view) {
    const finished = view?.route?.writes === 'postgres';
    this.actions.hidden = finished;
    this.finished.hidden = !finished;
  }

  async #ask() {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    const name = encodeURIComponent(this.collection);
    const parts = [
      ['gate', collectionPath(this.collection, 'gate'), gateTable],
      ['drift', `/api/drift?collection=${name}`, driftTable],
      ['dead', `/api/dead-letters?collection=${name}&limit=${SHOWN}`, (page) => this.#deadLetters(page)],
      ['moves', `/api/audit?collection=${name}&limit=${SHOWN}`, auditTable],
      ['counts', `/api/collections/${name}`, (report) => countsTable(report.balance)],
      ['verification', '/api/verifications', (all) => verificationTable(all.filter((v) => v.collection === this.collection))],
    ];
    await Promise.all(parts.map(async ([part, path, show]) => {
      try {
        const answer = await get(path);
        // Drawn again only where it is another answer, so that a button keeps the focus.
        const now = JSON.stringify(answer);
        if (this.#shown[part] !== now && !this.#closed) {
          this.#shown[part] = now;
          const focused = this[part].contains(document.activeElement);
          this[part].replaceChildren(show(answer));
          // Its button may be gone; the focus stays beside where it was.
          if (focused) this[part].focus();
        }
      } catch (refused) {
        this.#shown[part] = null;
        text(this[part], refused.message);
      }
    }));
    this.#asking = false;
  }

  #deadLetters(page) {
    if (page.total === 0) return none('No document is a dead letter.');
    const done = () => this.#ask();
    const rows = page.dead_letters.map((letter) => [
      el('code', {}, letter.document_key),
      letter.accepted_by ? `${letter.reason} Accepted by ${letter.accepted_by}: ${letter.accepted_why}` : letter.reason,
      el('span', {},
        el('button', { type: 'button', 'aria-label': `Retry dead letter ${letter.id}`, onclick: () => retry(letter.id).then(done) }, 'Retry'),
        letter.accepted_by ? null : el('button', { type: 'button', 'aria-label': `Accept dead letter ${letter.id}`, onclick: () => acceptDeadLetter(letter.id).then(done) }, 'Accept'),
        el('button', { type: 'button', 'aria-label': `Discard dead letter ${letter.id}`, onclick: () => discard(letter.id).then(done) }, 'Discard')),
    ]);
    return table(['Document', 'Reason', ''], rows, page.total);
  }

  close() {
    this.#closed = true;
    clearInterval(this.#timer);
    this.chart.destroy();
  }
}

const none = (sentence) => el('p', { class: 'zero' }, sentence);

function table(heads, rows, total = rows.length) {
  return el('div', {}, el('table', {},
    el('thead', {}, el('tr', {}, heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, rows.map((row) => el('tr', {}, row.map((cell) => el('td', {}, cell)))))),
  total > rows.length ? el('p', { class: 'hint' }, `${count(rows.length)} of ${count(total)} are shown.`) : null);
}

function gateTable(gate) {
  return table(['Condition', 'Value', 'Limit', ''], [...gate.conditions].sort((a, b) => a.met - b.met).map((condition) => [
    el('span', { class: condition.met ? 'good' : 'warning' }, `${condition.met ? 'met' : 'not met'}: ${words(condition.name)}`),
    measure(condition.value, condition.unit), measure(condition.limit, condition.unit), condition.reason ?? '']));
}

const measure = (value, unit) => (value === null ? '' : unit === 'seconds' ? seconds(value) : `${count(value)} ${unit}`.trim());

function mappingTables(mapping) {
  return mapping.tables.map((each) => el('div', {},
    el('p', { class: 'hint' }, each.array ? `${each.array}[] becomes ${each.table}` : `${mapping.collection} becomes ${each.table}`),
    table(['Field', 'Column', 'Type', 'What does not fit'], each.columns.map((column) => [
      el('code', {}, column.from), el('code', {}, column.column), el('code', {}, column.type), column.misfit]))));
}

function driftTable(drift) {
  if (drift.length === 0) return none('No row is known to differ from its document.');
  return table(['Kind', 'Table', 'Row', 'Columns', 'Seen'], drift.slice(0, SHOWN).map((row) => [
    row.kind, row.table, el('code', {}, row.row_key), row.columns.join(', '), `${seconds(row.age_seconds)} ago`]), drift.length);
}

function auditTable(entries) {
  if (entries.length === 0) return none('Nothing was done to it yet.');
  return table(['When', 'What', 'Share', 'By'], entries.map((entry) => [
    when(entry.at), words(entry.action), entry.detail.percent === undefined ? '' : `${entry.detail.percent} %`, entry.actor]));
}

/** What lies between documents and rows, in the words of the balance. */
function countsTable(balance) {
  if (balance === null) return none('They were not counted yet.');
  const terms = Object.entries(balance).filter(([, value]) => typeof value === 'number');
  return el('div', {},
    table(['Of these', 'There are'], terms.filter(([name, value]) => value !== 0 || name === 'documents' || name === 'rows')
      .map(([name, value]) => [words(name), count(value)])),
    el('p', { class: 'hint' }, `Counted at ${when(balance.counted_at)}. A change that is under way is a row without its document, or a document without its row.`));
}

function verificationTable(all) {
  if (all.length === 0) return none('It was not verified yet.');
  return table(['Began', 'Mode', 'State', 'Compared', 'Differ'], all.slice(0, 10).map((v) => [
    when(v.started_at), `${v.mode}, ${v.origin}`, v.state, count(v.documents), count(v.missing + v.extra + v.different) ?? UNKNOWN]));
}
