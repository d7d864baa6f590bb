// The collections: a row for each, which opens to its details.
import { $, attribute, el, text } from './dom.js';
import { ago, count, percent, seconds, words, UNKNOWN } from './format.js';
import { Details } from './details.js';
import { tip } from './tip.js';

const COLUMNS = ['Collection', 'State', 'Documents / rows', 'Copied', 'Lag', 'Drift', 'Verified', 'Dead letters', 'Quarantine', 'Gate', 'Reads from'];
const SPARK = 300;

export class Collections {
  #rows = new Map();

  constructor() {
    const head = el('div', { class: 'head', 'aria-hidden': 'true' },
      COLUMNS.map((name, i) => el('span', { class: [5, 7, 8].includes(i) ? 'num' : null }, name)));
    this.list = el('ul', { 'aria-labelledby': 'collections-title' });
    $('table').append(head, this.list);
    $('filter').addEventListener('input', () => this.#arrange());
    $('order').addEventListener('change', () => this.#arrange());
    setInterval(() => this.#rows.forEach((row) => row.showAge()), 5000);
  }

  begin(snapshot) {
    // Not the names of an object: a name that is a number would come first there.
    const names = snapshot.names;
    if (names.join('\n') !== [...this.#rows.keys()].join('\n')) {
      this.#rows.forEach((row) => row.item.remove());
      this.#rows = new Map(names.map((name) => [name, new Row(name)]));
      this.list.append(...[...this.#rows.values()].map((row) => row.item));
    }
    names.forEach((name) => this.#rows.get(name).lags(snapshot.lags[name]));
    this.update(snapshot.collections);
    text($('count'), `${names.length}`);
    this.#arrange();
  }

  tick(tick) {
    let i = 0;
    for (const row of this.#rows.values()) {
      if (tick.collections[i]) row.tick(tick.collections[i], tick);
      i++;
    }
  }

  update(views) {
    views.forEach((view) => this.#rows.get(view.collection)?.show(view));
    if ($('order').value === 'trouble') this.#arrange();
  }

  gates() {
    const known = [...this.#rows.values()].filter((row) => row.view?.gate);
    return known.length === 0 ? UNKNOWN : `${known.filter((row) => row.view.gate.open).length} of ${this.#rows.size}`;
  }

  #arrange() {
    const wanted = $('filter').value.trim().toLowerCase();
    const rows = [...this.#rows.values()];
    let shown = 0;
    rows.forEach((row) => {
      row.item.hidden = !row.name.toLowerCase().includes(wanted);
      if (!row.item.hidden) shown++;
    });
    const by = {
      mapping: () => 0,
      trouble: (a, b) => b.trouble() - a.trouble(),
      lag: (a, b) => (b.lag ?? -1) - (a.lag ?? -1),
      name: (a, b) => a.name.localeCompare(b.name),
    }[$('order').value];
    const sorted = rows.sort(by).map((row) => row.item);
    // Moved only where the order is another one: a moved element loses the focus.
    if (sorted.some((item, i) => this.list.children[i] !== item)) this.list.append(...sorted);
    $('empty').hidden = shown > 0 || rows.length === 0;
  }
}

let nextId = 0;

class Row {
  view = null;
  lag = null;
  #lags = [];
  #details = null;

  constructor(name) {
    this.name = name;
    const id = `details-${nextId++}`;
    this.toggle = el('button', { type: 'button', 'aria-expanded': 'false', onclick: () => this.#open() }, name);
    this.state = el('span');
    this.table = el('small');
    this.sizes = el('span', { class: 'two' }, el('span'), el('small'));
    this.fill = el('div', { class: 'bar-inner' });
    this.copyText = el('small');
    this.lagText = el('span');
    this.spark = el('canvas', { class: 'spark', 'aria-hidden': 'true' });
    this.drift = el('span');
    this.verified = el('span');
    this.dead = el('span');
    this.quarantined = el('span');
    this.gate = el('button', { type: 'button', class: 'gate-button' }, UNKNOWN);
    tip(this.gate, () => this.view?.gate?.reasons ?? []);
    this.routeText = el('span');
    this.routeFill = el('div', { class: 'bar-inner' });
    const cells = [
      ['name', el('div', {}, this.toggle, this.table)], ['state', this.state], ['sizes', this.sizes],
      ['copy', el('div', {}, el('div', { class: 'bar-outer', 'aria-hidden': 'true' }, this.fill), this.copyText)],
      ['lag', [this.lagText, this.spark]], ['num', this.drift], ['verified', this.verified], ['num', this.dead],
      ['num', this.quarantined], ['gate', this.gate],
      ['route', [this.routeText, el('div', { class: 'bar-outer', 'aria-hidden': 'true' }, this.routeFill)]],
    ].map(([kind, content], i) => el('div', { class: `cell ${kind}` }, i === 0 ? null : el('span', { class: 'label' }, COLUMNS[i]), content));
    this.row = el('div', { class: 'row' }, cells);
    this.place = el('div', { class: 'details', id, hidden: '' });
    this.toggle.setAttribute('aria-controls', id);
    this.item = el('li', { class: 'item', 'data-collection': name }, this.row, this.place);
  }

  lags(numbers) {
    this.#lags = [...numbers];
  }

  tick(now, tick) {
    const { lag_seconds: lag, copied, copy_seconds_left: left } = now;
    this.lag = lag;
    this.#lags.push(lag);
    if (this.#lags.length > SPARK) this.#lags.shift();
    text(this.lagText, seconds(lag));
    this.fill.style.transform = `scaleX(${copied ?? 0})`;
    text(this.copyText, copied === 1 ? 'all' : copied === null ? UNKNOWN
      : `${percent(copied)}${left === null ? '' : `, ${seconds(left)} left`}`);
    if (!document.hidden) this.#draw();
    this.#details?.tick(tick, now);
  }

  show(view) {
    this.view = view;
    const table = view.table.replace(/^public\./, '');
    text(this.table, table === view.collection ? '' : table);
    text(this.state, { done: 'following', running: 'copying', writes_on_postgres: 'finished' }[view.backfill] ?? words(view.backfill));
    text(this.sizes.firstChild, count(view.documents));
    text(this.sizes.lastChild, count(view.rows));
    const apart = view.documents - view.rows;
    attribute(this.sizes, 'aria-label', `${count(view.documents)} documents, ${count(view.rows)} rows, ${view.counted ? 'counted' : 'of the copy; not counted yet'}`);
    attribute(this.sizes, 'data-apart', String(apart));
    const drift = view.drift.missing + view.drift.extra + view.drift.different;
    number(this.drift, drift);
    number(this.dead, view.dead_letters);
    number(this.quarantined, view.quarantined_values);
    this.showAge();
    const gate = view.gate;
    text(this.gate, gate === null ? UNKNOWN : gate.open ? 'open' : gate.reasons[0]);
    attribute(this.gate, 'class', `gate-button ${gate?.open ? 'good' : gate ? 'warning' : ''}`);
    attribute(this.gate, 'aria-label', gate === null ? 'Gate: unknown' : gate.open ? 'Gate: open' : `Gate: shut. ${gate.reasons.join(' ')}`);
    const route = view.route;
    text(this.routeText, routeText(route));
    this.routeFill.style.transform = `scaleX(${route ? route.percent / 100 : 0})`;
    this.#details?.changed(view);
  }

  showAge() {
    text(this.verified, this.view?.verified_through ? ago(this.view.verified_through, Date.now()) : 'never');
  }

  /** How much an operator should look at it. */
  trouble() {
    const view = this.view;
    if (!view) return 0;
    return (view.drift.missing + view.drift.extra + view.drift.different > 0 ? 8 : 0) + (view.dead_letters > 0 ? 4 : 0)
      + (view.quarantined_values > 0 ? 2 : 0) + (view.gate && !view.gate.open ? 1 : 0);
  }

  #draw() {
    const canvas = this.spark;
    const scale = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * scale);
    const height = Math.round(20 * scale);
    if (width === 0) return;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, width, height);
    context.strokeStyle = getComputedStyle(canvas).getPropertyValue('--spark');
    context.lineWidth = 1.2 * scale;
    const most = Math.max(1, ...this.#lags.filter((lag) => lag !== null));
    context.beginPath();
    let pen = false;
    this.#lags.forEach((lag, i) => {
      if (lag === null) {
        pen = false;
        return;
      }
      const x = ((SPARK - this.#lags.length + i) / (SPARK - 1)) * width;
      const y = height - 2 - (lag / most) * (height - 4);
      if (pen) context.lineTo(x, y);
      else context.moveTo(x, y);
      pen = true;
    });
    context.stroke();
  }

  #open() {
    const open = this.place.hidden;
    this.place.hidden = !open;
    this.toggle.setAttribute('aria-expanded', String(open));
    this.#details?.close();
    this.#details = open ? new Details(this.name, this.place, () => this.view) : null;
  }
}

function number(element, value) {
  text(element, count(value));
  attribute(element, 'class', value === 0 ? 'zero' : 'bad-strong');
}

export function routeText(route) {
  if (!route) return UNKNOWN;
  if (route.writes === 'postgres') return 'PostgreSQL, writes too';
  const both = route.shadow_percent > 0 ? `, both ${route.shadow_percent} %` : '';
  if (route.percent === 0) return `MongoDB${both}`;
  return route.percent === 100 ? 'PostgreSQL' : `PostgreSQL ${route.percent} %${both}`;
}
