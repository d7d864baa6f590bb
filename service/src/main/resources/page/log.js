// What happened, the newest first.
import { $, el } from './dom.js';
import { when } from './format.js';

const KEPT = 500;

export class Log {
  begin(entries) {
    $('log').replaceChildren(...entries.map(item));
  }

  add(entry) {
    $('log').prepend(item(entry));
    while ($('log').childElementCount > KEPT) $('log').lastElementChild.remove();
  }
}

function item(entry) {
  return el('li', { 'data-tone': entry.tone },
    el('time', { datetime: entry.at }, when(entry.at)),
    el('span', { class: 'of' }, entry.collection ?? 'pipeline'),
    el('span', { class: `text ${entry.tone === 'plain' ? '' : entry.tone}` }, entry.text));
}
