// The charts of the last hour. uPlot is loaded before.
import { $ } from './dom.js';
import { rate, seconds } from './format.js';

const HOUR = 3600;

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Hours and minutes; with seconds where the minutes would be the same twice. */
function times(ticks) {
  const close = ticks.length > 1 && ticks[1] - ticks[0] < 60;
  return ticks.map((tick) => new Date(tick * 1000).toTimeString().slice(0, close ? 8 : 5));
}

/** One chart: times and one or two lines of numbers, of which the oldest go after an hour. */
export class Chart {
  #plot = null;
  #data;

  /** @param lines how many; @param format of the axis */
  constructor(place, lines, format) {
    this.place = place;
    this.format = format;
    this.#data = Array.from({ length: lines + 1 }, () => []);
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(place);
  }

  #size() {
    return { width: Math.max(80, this.place.clientWidth), height: this.place.clientHeight };
  }

  begin(through, ...lines) {
    const end = through === null ? 0 : Date.parse(through) / 1000;
    const length = lines[0].length;
    this.#data = [Array.from({ length }, (_, i) => end - (length - 1 - i)), ...lines.map((line) => [...line])];
    this.draw();
  }

  add(at, ...values) {
    [Date.parse(at) / 1000, ...values].forEach((value, i) => {
      this.#data[i].push(value);
      if (this.#data[i].length > HOUR) this.#data[i].shift();
    });
    if (!document.hidden) this.#plot?.setData(this.#data);
  }

  draw() {
    this.#plot?.destroy();
    const axis = { stroke: color('--faint'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui' };
    const strokes = [color('--accent'), color('--soft')];
    this.#plot = new uPlot({
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [6, 26, 0, 0],
      scales: { x: { time: true, range: (_, min, max) => [max - Math.max(120, max - min), max] }, y: { range: (_, min, max) => [0, max > 0 ? max * 1.1 : 1] } },
      axes: [
        { ...axis, size: 22, space: 84, values: (_, ticks) => times(ticks) },
        { ...axis, size: 54, space: 28, values: (_, ticks) => ticks.map(this.format) },
      ],
      series: [{}, ...this.#data.slice(1).map((_, i) => ({ stroke: strokes[i], width: 1.5, points: { show: false }, spanGaps: false }))],
    }, this.#data, this.place);
  }

  destroy() {
    this.#plot?.destroy();
    this.#plot = null;
  }
}

export class Charts {
  #lag = new Chart($('chart-lag'), 1, seconds);
  #latency = new Chart($('chart-latency'), 2, seconds);
  #changes = new Chart($('chart-changes'), 1, (value) => rate(value));
  #rows = new Chart($('chart-rows'), 1, (value) => rate(value));
  #at = null;

  begin(history) {
    this.#at = history.through;
    this.#lag.begin(history.through, history.lag_seconds);
    this.#latency.begin(history.through, history.latency_p99_seconds, history.latency_p50_seconds);
    this.#changes.begin(history.through, history.changes_per_second);
    this.#rows.begin(history.through, history.rows_per_second);
  }

  add(tick) {
    // The snapshot has its last tick in its history, too.
    if (this.#at !== null && Date.parse(tick.at) <= Date.parse(this.#at)) return;
    this.#at = tick.at;
    this.#lag.add(tick.at, tick.lag_seconds);
    this.#latency.add(tick.at, tick.latency_p99_seconds, tick.latency_p50_seconds);
    this.#changes.add(tick.at, tick.changes_per_second);
    this.#rows.add(tick.at, tick.rows_per_second);
  }

  redraw() {
    [this.#lag, this.#latency, this.#changes, this.#rows].forEach((chart) => chart.draw());
  }
}
