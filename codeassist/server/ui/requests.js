// The list of requests: a row each, newest first, and what lies behind it once it is opened.

import { STAGES, STAGE_NAMES, span, stageBar } from './charts.js';

const MOST_ROWS = 200;
const count = new Intl.NumberFormat('en');

export function node(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Why a request had the context it had, and what came of it, in a few words. */
export function reasonOf(record) {
  if (record.state === 'failed') return record.message || 'failed';
  if (record.state === 'left') return 'its client went away';
  if (record.state === 'superseded') return 'a newer request of the same client took its place';
  const context = record.context;
  // What needs no context has none to be told of, at any time.
  if (!context) return record.state === 'running' && record.ms.queue === undefined ? 'waiting' : 'asked as it is';
  if (!context.sources.length) return context.reason || 'no context';
  const pieces = context.sources.length === 1 ? '1 piece' : `${context.sources.length} pieces`;
  return `${pieces}, ${count.format(context.n_tokens)} tokens${context.path ? ` for ${context.path}` : ''}`;
}

export class RequestList {
  constructor(list, none) {
    this.list = list;
    this.none = none;
    this.rows = new Map();
    this.wanted = '';
  }

  clear() {
    this.rows.clear();
    this.list.replaceChildren();
  }

  find(text) {
    this.wanted = text.trim().toLowerCase();
    for (const row of this.rows.values()) this.#show(row);
  }

  /** Take over records, oldest first. A row stays the same element, so that focus and what is open stay. */
  update(records) {
    for (const record of records.slice(-MOST_ROWS)) {
      let row = this.rows.get(record.number);
      if (!row) {
        row = makeRow();
        this.rows.set(record.number, row);
        this.list.prepend(row.item);
      }
      const text = JSON.stringify(record);
      if (row.text === text) continue;
      row.text = text;
      row.record = record;
      fillRow(row);
      this.#show(row);
    }
    this.#dropOldest();
    this.none.hidden = this.rows.size > 0;
  }

  #show(row) {
    const record = row.record;
    const said = [name(record), record.route, record.state, record.model, reasonOf(record)].join(' ').toLowerCase();
    row.item.hidden = !said.includes(this.wanted);
  }

  #dropOldest() {
    const numbers = [...this.rows.keys()].sort((one, other) => one - other);
    for (const number of numbers.slice(0, Math.max(numbers.length - MOST_ROWS, 0))) {
      this.rows.get(number).item.remove();
      this.rows.delete(number);
    }
  }
}

function name(record) {
  return record.caller.key || record.caller.program || record.caller.address || 'somebody';
}

function makeRow() {
  const item = node('li');
  const button = node('button', 'row');
  button.type = 'button';
  button.setAttribute('aria-expanded', 'false');
  const row = { item, button, detail: null, record: null, text: '' };
  button.addEventListener('click', () => toggle(row));
  item.append(button);
  return row;
}

function toggle(row) {
  const isOpen = row.button.getAttribute('aria-expanded') === 'true';
  row.button.setAttribute('aria-expanded', String(!isOpen));
  row.detail?.remove();
  row.detail = isOpen ? null : detailOf(row.record);
  if (row.detail) row.item.append(row.detail);
}

function fillRow(row) {
  const { record, button } = row;
  button.dataset.state = record.state;
  const bar = node('span', 'stagebar');
  bar.append(stageBar(record.ms, 8));
  const tokens = record.usage.prompt_tokens
    ? `${count.format(record.usage.prompt_tokens)} → ${count.format(record.usage.completion_tokens)}`
    : '';
  button.replaceChildren(
    node('span', 'when', new Date(record.started * 1000).toLocaleTimeString([], { hour12: false })),
    node('span', 'who', name(record)),
    node('span', 'route', record.route),
    node('span', 'why', reasonOf(record)),
    node('span', 'count tokens', tokens),
    node('span', 'count ms', record.state === 'running' ? '…' : span(record.ms.total)),
    bar,
  );
  if (row.detail) {
    row.detail.remove();
    row.detail = detailOf(record);
    row.item.append(row.detail);
  }
}

function detailOf(record) {
  const detail = node('div', 'detail');
  const bar = node('div', 'stagebar');
  bar.append(stageBar(record.ms, 14));
  detail.append(bar, legend(record.ms), facts(record));
  if (record.context?.sources.length) detail.append(pieces(record.context.sources));
  return detail;
}

function legend(ms) {
  const list = node('ul', 'legend');
  for (const stage of STAGES.filter((known) => ms[known] !== undefined)) {
    const entry = node('li');
    entry.append(node('i', stage), node('span', '', `${STAGE_NAMES[stage]} ${span(ms[stage])}`));
    list.append(entry);
  }
  if (ms.total !== undefined) list.append(node('li', 'quiet', `total ${span(ms.total)}`));
  return list;
}

function facts(record) {
  const { usage, context, caller } = record;
  const share = usage.prompt_tokens ? ` (${((100 * usage.cached_tokens) / usage.prompt_tokens).toFixed(0)} %)` : '';
  const shown = [
    ['state', [record.state, record.finish_reason, record.is_streamed ? 'streamed' : ''].filter(Boolean).join(', ')],
    ['message', record.message],
    ['shared', record.shared ? 'another request’s generation answered it as well' : ''],
    ['client', [caller.program, caller.address, caller.key && `key ${caller.key}`].filter(Boolean).join(' · ')],
    ['model', record.model],
    ['prompt', `${count.format(usage.prompt_tokens)} tokens, ${count.format(usage.cached_tokens)} of them cached${share}`],
    ['answer', `${count.format(usage.completion_tokens)} tokens`],
    ['taken for', context?.path],
    ['no context', context && !context.sources.length ? context.reason : ''],
    ['id', record.id],
  ];
  const list = node('dl');
  for (const [term, text] of shown) if (text) list.append(node('dt', '', term), node('dd', '', text));
  return list;
}

function pieces(sources) {
  const table = node('table', 'pieces');
  const head = node('tr');
  head.append(node('th', '', 'added code'), node('th', '', 'why'), node('th', 'number', 'tokens'));
  table.append(head);
  for (const source of sources) {
    const row = node('tr');
    row.append(
      node('td', '', `${source.path}:${source.start_line}–${source.end_line}`),
      node('td', '', source.why),
      node('td', 'number', count.format(source.n_tokens)),
    );
    table.append(row);
  }
  return table;
}
