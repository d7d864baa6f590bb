// The page: what comes from the feed goes to the parts that show it.
import { $, attribute, text } from './dom.js';
import { askToken } from './api.js';
import { watch } from './feed.js';
import { clock, seconds } from './format.js';
import { Charts } from './charts.js';
import { Collections } from './collections.js';
import { showFlow } from './flow.js';
import { Log } from './log.js';
import { pauseOrResume, verify } from './actions.js';
import { chooseTheme } from './theme-choice.js';

const charts = new Charts();
const collections = new Collections();
const log = new Log();
let last = null;

function tick(now) {
  last = now;
  charts.add(now);
  collections.tick(now);
  showFlow(now, collections);
  attribute($('pause'), 'data-paused', now.state === 'paused' ? 'yes' : 'no');
  text($('pause'), now.state === 'paused' ? 'Resume' : 'Pause');
}

function notes(sentences) {
  $('notes').hidden = sentences.length === 0;
  $('notes-list').replaceChildren(...sentences.map((sentence) => {
    const item = document.createElement('li');
    item.textContent = sentence;
    return item;
  }));
}

function connection(state, since) {
  attribute(document.body, 'data-connection', state);
  const silence = Math.round((Date.now() - since) / 1000);
  const said = {
    connecting: 'connecting',
    live: 'live',
    stale: `no news for ${silence} s`,
    lost: 'disconnected',
    token: 'a token is needed',
  };
  text($('connection-text'), said[state]);
  if (state === 'lost' || state === 'stale') {
    attribute($('say'), 'data-tone', 'bad');
    text($('state'), state === 'lost' ? 'Sluice does not answer.' : 'Sluice has gone quiet.');
    text($('message'), `What is shown is of ${clock(since)}. This page comes back by itself when Sluice answers.`);
  } else if (state === 'token') {
    attribute($('say'), 'data-tone', 'warning');
    text($('state'), 'A token is needed to look.');
    text($('message'), 'The button Token takes one of SLUICE_API_READ_TOKEN or SLUICE_API_TOKEN.');
  } else if (last) showFlow(last, collections);
}

watch({
  snapshot(snapshot) {
    text($('pipeline'), snapshot.pipeline);
    document.title = `${snapshot.pipeline} · Sluice`;
    charts.begin(snapshot.history);
    collections.begin(snapshot);
    log.begin(snapshot.log);
    notes(snapshot.notes);
    if (snapshot.tick) tick(snapshot.tick);
  },
  event(type, data) {
    if (type === 'tick') tick(data);
    else if (type === 'collections') collections.update(data);
    else if (type === 'notes') notes(data);
    else if (type === 'log') log.add(data);
  },
  connection,
});

$('verify-all').addEventListener('click', () => verify([], false));
$('pause').addEventListener('click', () => pauseOrResume($('pause').dataset.paused === 'yes'));
$('token').addEventListener('click', () => askToken('The token with which this page calls Sluice from now on; an empty one forgets it.'));
document.querySelectorAll('[data-cancel]').forEach((button) => {
  button.addEventListener('click', () => button.closest('dialog').close(''));
});
chooseTheme($('theme'), () => charts.redraw());
