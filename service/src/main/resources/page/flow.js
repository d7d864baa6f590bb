// The top of the page: who answers, how fast it flows, and the state in words.
import { $, attribute, text } from './dom.js';
import { rate, seconds, count, UNKNOWN } from './format.js';

const TONE = { streaming: 'good', backfilling: 'good', failed: 'bad', stalled: 'warning', waiting: 'warning', paused: 'warning' };
const SAID = { streaming: 'Everything is copied; changes are applied as they come.' };

export function showFlow(tick, collections) {
  attribute($('say'), 'data-tone', tick.mongodb_away || tick.postgres_away ? 'bad' : TONE[tick.state] ?? 'plain');
  const said = message(tick);
  // Where the sentence begins with the state, once is enough.
  text($('state'), said.toLowerCase().startsWith(tick.state) ? '' : tick.state);
  text($('message'), said);
  health('mongodb', tick.mongodb_away, tick);
  health('postgres', tick.postgres_away, tick);
  text($('headroom'), seconds(tick.headroom_seconds));
  text($('waiting'), count(tick.changes_waiting));
  text($('clock'), seconds(tick.clock_offset_seconds));
  text($('leads'), tick.leads && tick.state !== 'starting' ? 'writes this pipeline' : 'does not write now');
  text($('gates'), collections.gates());
  const moving = tick.changes_per_second > 0 || tick.rows_per_second > 0;
  flow('read', tick.capture_lag_seconds === null ? UNKNOWN : `read ${seconds(tick.capture_lag_seconds)} behind`, moving);
  flow('applied', rate(tick.changes_per_second, 'changes/s')
    + (tick.rows_per_second > 0 ? `, ${rate(tick.rows_per_second, 'rows/s copied')}` : ''), moving);
  text($('lag'), seconds(tick.lag_seconds));
  text($('latency'), tick.latency_p50_seconds === null
    ? UNKNOWN : `${seconds(tick.latency_p50_seconds)} / ${seconds(tick.latency_p99_seconds)}`);
  text($('changes'), rate(tick.changes_per_second));
  text($('rows'), rate(tick.rows_per_second));
}

function message(tick) {
  const away = [];
  if (tick.postgres_away) away.push('PostgreSQL does not answer.');
  if (tick.mongodb_away) away.push('MongoDB does not answer.');
  const more = tick.message ?? SAID[tick.state] ?? '';
  const caughtUp = tick.catch_up_seconds > 0 ? ` Caught up in ${seconds(tick.catch_up_seconds)}.` : '';
  const all = [...away.filter((sentence) => !more.startsWith(sentence.slice(0, 7))), more].filter((part) => part !== '').join(' ') + caughtUp;
  return all.charAt(0).toUpperCase() + all.slice(1);
}

function health(server, away, tick) {
  const known = tick.state !== 'starting';
  attribute($(server), 'data-health', away ? 'away' : known ? 'up' : 'unknown');
  text(document.querySelector(`.health[data-of="${server}"]`), away ? 'does not answer' : known ? 'answers' : 'unknown');
}

function flow(of, said, moving) {
  const label = document.querySelector(`[data-rate="${of}"]`);
  text(label, said);
  attribute(label.previousElementSibling, 'data-moving', moving ? 'yes' : 'no');
}
