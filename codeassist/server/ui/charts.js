// Charts as SVG, made by hand. Texts come in through textContent alone.

const SVG = 'http://www.w3.org/2000/svg';

export const STAGES = ['context', 'queue', 'first_token', 'decode'];
export const STAGE_NAMES = {
  context: 'context',
  queue: 'queue',
  first_token: 'first token',
  decode: 'the rest',
  total: 'total',
};

/** A number of milliseconds as a person reads it. */
export function span(ms) {
  if (ms === undefined || ms === null) return '–';
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms % 1000 ? 1 : 0)} s`;
  return `${ms.toFixed(ms >= 10 || ms % 1 === 0 ? 0 : 1)} ms`;
}

export function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/** An empty picture in place of what `box` shows; its units are pixels. */
function picture(box, height, label) {
  const width = Math.max(box.clientWidth, 160);
  const svg = shape('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-label': label });
  box.replaceChildren(svg);
  return [svg, width];
}

export function nothing(box, text) {
  const said = document.createElement('p');
  said.className = 'quiet';
  said.textContent = text;
  box.replaceChildren(said);
}

/** From which to which power of ten milliseconds go, one apart at least; less than one counts as one. */
function decades(values) {
  const logs = values.map((value) => Math.log10(Math.max(value, 1)));
  const least = Math.floor(Math.min(...logs));
  return [least, Math.max(Math.ceil(Math.max(...logs)), least + 1)];
}

/** Each request as a dot, by its place in the order of their ends, on a logarithmic scale: answers of a chat take a
 * hundred times as long as completions. p50 and p95 as lines. */
export function drawLatency(box, records, quantiles) {
  const shown = records.filter((record) => record.ms.total !== undefined).slice(-200);
  if (!shown.length) return nothing(box, 'No request has ended yet.');
  const said = quantiles ? `half within ${span(quantiles.p50)}, 95 of 100 within ${span(quantiles.p95)}` : '';
  const [svg, width] = picture(box, 170, `Latency of the last ${shown.length} requests: ${said}`);
  const left = 48, right = 78, top = 10, bottom = 150;
  const [least, most] = decades(shown.map((record) => record.ms.total));
  const y = (ms) => bottom - ((bottom - top) * (Math.log10(Math.max(ms, 1)) - least)) / (most - least);
  for (let power = least; power <= most; power += 1) {
    const at = y(10 ** power);
    svg.append(shape('line', { class: 'grid', x1: left, x2: width - right, y1: at, y2: at }));
    svg.append(shape('text', { x: left - 6, y: at + 4, 'text-anchor': 'end' }, span(10 ** power)));
  }
  const step = (width - left - right) / Math.max(shown.length, 24);
  shown.forEach((record, number) => {
    const x = width - right - (shown.length - number - 0.5) * step;
    const kind = record.state === 'done' ? '' : record.state === 'failed' ? 'failed' : 'other';
    const dot = shape('circle', { class: `dot ${kind}`, cx: x, cy: y(record.ms.total), r: 3.2 });
    dot.append(shape('title', {}, `${record.route}: ${span(record.ms.total)}`));
    svg.append(dot);
  });
  if (quantiles) drawLines(svg, quantiles, y, left, width - right);
  svg.append(shape('text', { x: left, y: 166 }, 'older'));
  svg.append(shape('text', { x: width - right, y: 166, 'text-anchor': 'end' }, 'now'));
  return undefined;
}

function drawLines(svg, quantiles, y, x1, x2) {
  const apart = Math.max(14 - (y(quantiles.p50) - y(quantiles.p95)), 0);
  for (const [name, shift] of [['p50', apart / 2], ['p95', -apart / 2]]) {
    const at = y(quantiles[name]);
    svg.append(shape('line', { class: name, x1, x2, y1: at, y2: at }));
    svg.append(shape('text', { class: name, x: x2 + 6, y: at + 4 + shift }, `${name} ${span(quantiles[name])}`));
  }
}

/** Per stage a bar as long as 95 of 100 requests took at most, its full part as long as half did. */
export function drawStages(box, latency) {
  const rows = [...STAGES, 'total'].filter((stage) => latency[stage]);
  if (!rows.length) return nothing(box, 'No request has been answered yet.');
  const [svg, width] = picture(box, rows.length * 30, 'Latency by stage');
  const left = 76, right = 124;
  const most = Math.max(...rows.map((stage) => latency[stage].p95), 1);
  const room = Math.max(width - left - right, 20);
  rows.forEach((stage, number) => {
    const top = number * 30 + 6;
    const { p50, p95 } = latency[stage];
    svg.append(shape('text', { class: 'strong', x: 0, y: top + 12 }, STAGE_NAMES[stage]));
    const bar = { class: `${stage} faint`, x: left, y: top, height: 16, rx: 4, width: Math.max((room * p95) / most, 2) };
    svg.append(shape('rect', bar));
    svg.append(shape('rect', { ...bar, class: stage, width: Math.max((room * p50) / most, 2) }));
    svg.append(shape('text', { x: width, y: top + 12, 'text-anchor': 'end' }, `${span(p50)} · ${span(p95)}`));
  });
  return undefined;
}

/** Named shares of a whole: [{ name, part, whole }]. */
export function drawShares(box, shares) {
  const known = shares.filter((share) => share.whole > 0);
  if (!known.length) return nothing(box, 'No client has told what became of its completions.');
  const [svg, width] = picture(box, known.length * 44, 'Acceptance');
  known.forEach(({ name, part, whole }, number) => {
    const top = number * 44;
    const percent = `${((100 * part) / whole).toFixed(0)} %`;
    svg.append(shape('text', { x: 0, y: top + 12 }, name));
    svg.append(shape('text', { class: 'strong', x: width, y: top + 12, 'text-anchor': 'end' }, `${percent} of ${whole}`));
    svg.append(shape('rect', { class: 'track', x: 0, y: top + 20, width, height: 12, rx: 4 }));
    const length = Math.max((width * Math.min(part, whole)) / whole, 2);
    svg.append(shape('rect', { class: 'good', x: 0, y: top + 20, width: length, height: 12, rx: 4 }));
  });
  return undefined;
}

/** The stages of one request side by side; their widths are their shares of the time. */
export function stageBar(ms, height) {
  const svg = shape('svg', { viewBox: `0 0 100 ${height}`, height, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  const all = STAGES.reduce((sum, stage) => sum + (ms[stage] ?? 0), 0);
  let x = 0;
  svg.append(shape('rect', { class: 'track', x, y: 0, width: 100, height }));
  for (const stage of STAGES) {
    const width = all ? (100 * (ms[stage] ?? 0)) / all : 0;
    if (width) svg.append(shape('rect', { class: stage, x, y: 0, width, height }));
    x += width;
  }
  return svg;
}
