// What a user does: each call says what came of it.
import { $, el, text } from './dom.js';
import { collectionPath, post, Refused } from './api.js';
import { routeText } from './collections.js';

const TOAST_MILLIS = 8000;

export function toast(sentence, bad = false) {
  const shown = el('div', { class: bad ? 'toast bad' : 'toast' }, sentence);
  $('toasts').append(shown);
  setTimeout(() => shown.remove(), TOAST_MILLIS);
}

/** Runs a call and says how it went; null when it was refused. */
async function say(call, done) {
  try {
    const answer = await call();
    toast(done(answer));
    return answer;
  } catch (refused) {
    toast(refused instanceof Refused ? refused.message : 'Sluice does not answer. Nothing is known to have been done.', true);
    return null;
  }
}

/** @param collections none for all */
export function verify(collections, repair) {
  return say(() => post('/api/verify', { collections: collections.length === 0 ? null : collections, mode: 'full', repair }), (begun) => {
    const waiting = begun.not_copied.length === 0 ? '' : ` Not copied yet: ${begun.not_copied.join(', ')}.`;
    if (begun.collections.length === 0) return `Nothing is verified.${waiting}`;
    const of = collections.length === 0 && waiting === '' ? 'all collections' : begun.collections.join(', ');
    return `Verifying ${of}${repair ? '; what differs is written again' : ''}.${waiting}`;
  });
}

export function rollback(collection) {
  return say(() => post(collectionPath(collection, 'rollback')), () => `${collection}: all readers are told to read from MongoDB.`);
}

export async function pauseOrResume(paused) {
  if (paused) return say(() => post('/api/resume'), () => 'The pipeline resumes.');
  const reason = await askReason('Pause the pipeline', 'Nothing is read or written until it is resumed; the position stays, and the oplog must reach back to it.', 'Pause', false);
  if (reason === null) return null;
  return say(() => post('/api/pause', { reason }), () => 'The pipeline is paused.');
}

export const retry = (id) => say(() => post(`/api/dead-letters/${id}/retry`), (answer) => `Dead letter ${id} is to be tried again (${answer.outcome}).`);

export async function discard(id) {
  const reason = await askReason(`Discard dead letter ${id}`, 'The document is forgotten for good; it has no row until it changes in MongoDB.', 'Discard', false);
  return reason === null ? null : say(() => post(`/api/dead-letters/${id}/discard`, { reason }), () => `Dead letter ${id} is discarded.`);
}

export async function acceptDeadLetter(id) {
  const reason = await askReason(`Accept dead letter ${id}`, 'It no longer keeps the gate shut. The document has no row.', 'Accept', true);
  return reason === null ? null : say(() => post(`/api/dead-letters/${id}/accept`, { reason }), () => `Dead letter ${id} is accepted.`);
}

/** @return the reason; null when it was called off */
function askReason(title, sentence, go, needed) {
  return new Promise((answer) => {
    const dialog = $('reason');
    text($('reason-title'), title);
    text($('reason-text'), sentence);
    text($('reason-go'), go);
    $('reason-value').value = '';
    $('reason-value').required = needed;
    dialog.returnValue = '';
    dialog.addEventListener('close', () => answer(dialog.returnValue === 'ok' ? $('reason-value').value.trim() : null), { once: true });
    dialog.showModal();
    $('reason-value').focus();
  });
}

/** Asks for the share, shows what a dry run says, and moves. */
export function cutOver(collection, route) {
  const dialog = $('cutover');
  const go = $('cutover-go');
  let checked = null;
  const share = () => ({ percent: $('cutover-percent').valueAsNumber, shadow_percent: $('cutover-shadow').valueAsNumber, auto_rollback: $('cutover-auto').checked });
  const key = (wanted) => JSON.stringify(wanted);

  const ready = () => {
    const wanted = share();
    const everyone = wanted.percent === 100;
    $('cutover-name-label').hidden = !everyone;
    go.disabled = checked !== key(wanted) || (everyone && $('cutover-name').value !== collection);
  };
  const result = (tone, sentence) => {
    $('cutover-result').dataset.tone = tone;
    text($('cutover-result'), sentence);
  };

  let asked = 0;
  async function dryRun() {
    const wanted = share();
    const own = ++asked;
    checked = null;
    ready();
    if (!$('cutover-percent').validity.valid || !$('cutover-shadow').validity.valid) {
      result('bad', 'The shares are whole numbers from 0 to 100.');
      return;
    }
    result('plain', 'Dry run ...');
    try {
      await post(collectionPath(collection, 'cutover'), { ...wanted, dry_run: true, wait_seconds: 5 });
      if (own !== asked) return;
      checked = key(wanted);
      result('good', `Dry run: from ${routeText(route)} to ${routeText({ percent: wanted.percent, shadow_percent: wanted.shadow_percent, writes: 'mongodb' })}. The gate lets it pass.`);
    } catch (refused) {
      if (own === asked) result('bad', `Dry run: ${refused instanceof Refused ? refused.message : 'Sluice does not answer.'}`);
    }
    ready();
  }

  const form = $('cutover-form');
  const changed = () => dryRun();
  const submit = async (event) => {
    event.preventDefault();
    if (go.disabled) return;
    const wanted = share();
    dialog.close();
    await say(() => post(collectionPath(collection, 'cutover'), wanted), (now) => `${collection}: ${routeText(now)}.`);
  };
  const inputs = ['cutover-percent', 'cutover-shadow', 'cutover-auto'].map($);

  text($('cutover-title'), `Cut over ${collection}`);
  text($('cutover-name-wanted'), collection);
  $('cutover-percent').value = route && route.percent > 0 ? '100' : '10';
  $('cutover-shadow').value = '0';
  $('cutover-auto').checked = route?.auto_rollback ?? false;
  $('cutover-name').value = '';
  inputs.forEach((input) => input.addEventListener('input', changed));
  $('cutover-name').addEventListener('input', ready);
  form.addEventListener('submit', submit);
  $('cutover-cancel').onclick = () => dialog.close();
  dialog.addEventListener('close', () => {
    asked++;
    inputs.forEach((input) => input.removeEventListener('input', changed));
    $('cutover-name').removeEventListener('input', ready);
    form.removeEventListener('submit', submit);
  }, { once: true });
  dialog.showModal();
  $('cutover-percent').focus();
  dryRun();
}
