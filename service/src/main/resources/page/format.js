// Numbers and times, as they are shown everywhere on the page.

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
export const UNKNOWN = '–';

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

export const count = (value) => (isNumber(value) ? WHOLE.format(value) : UNKNOWN);

export function rate(value, unit) {
  if (!isNumber(value)) return UNKNOWN;
  const number = value > 0 && value < 10 ? value.toFixed(1) : WHOLE.format(value);
  return unit ? `${number} ${unit}` : number;
}

/** A duration in seconds. */
export function seconds(value) {
  if (!isNumber(value)) return UNKNOWN;
  if (value < 0) return `−${seconds(-value)}`;
  if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
  if (value < 60) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min ${pad(value % 60)} s`;
  if (value < 172800) return `${Math.floor(value / 3600)} h ${pad((value % 3600) / 60)} min`;
  return `${WHOLE.format(value / 86400)} d`;
}

const pad = (value) => String(Math.floor(value)).padStart(2, '0');

export const percent = (share) => (isNumber(share) ? `${Math.floor(share * 100)} %` : UNKNOWN);

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short' });

export const clock = (instant) => TIME.format(new Date(instant));

/** How long ago something was, in one unit. */
export function ago(instant, now) {
  const passed = Math.max(0, (now - Date.parse(instant)) / 1000);
  for (const [unit, length] of [['d', 86400], ['h', 3600], ['min', 60]]) {
    if (passed >= 2 * length) return `${Math.floor(passed / length)} ${unit} ago`;
  }
  return `${Math.floor(passed)} s ago`;
}

export function when(instant) {
  const time = new Date(instant);
  const today = new Date().toDateString() === time.toDateString();
  return today ? TIME.format(time) : `${DAY.format(time)} ${TIME.format(time)}`;
}

export const words = (name) => name.replaceAll('_', ' ');
