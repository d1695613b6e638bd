// Asks this server how it is, and shows it. The key, where one is wanted, stays in this tab and travels as a header.

import { drawLatency, drawShares, drawStages, nothing, span } from './charts.js';
import { RequestList, node } from './requests.js';

const KEY = 'codeassist-key';
const STATUS_EVERY_MS = 2000;
const REQUESTS_EVERY_MS = 300;
const LONGEST_PAUSE_MS = 10_000;
const WAIT_S = 2;
const MOST_RECORDS = 512;

const count = new Intl.NumberFormat('en');
const at = (id) => document.getElementById(id);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const list = new RequestList(at('list'), at('none'));
let records = new Map();
let started = 0;
let latest = 0;
let isPaused = false;
let status = null;
let asking = null;

/** The answer to a question. Throws where the server does not answer, or says that something is wrong. */
async function ask(path) {
  for (;;) {
    const key = sessionStorage.getItem(KEY);
    const headers = key ? { authorization: `Bearer ${key}` } : {};
    const response = await fetch(path, { headers, cache: 'no-store', credentials: 'omit', redirect: 'error' });
    if (response.status !== 401) {
      at('forget').hidden = !key;
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      return response.json();
    }
    await askForKey(key);
  }
}

/** Wait until the user has given a key; several questions wait for the same one. */
function askForKey(refused) {
  if (sessionStorage.getItem(KEY) !== refused) return Promise.resolve();
  asking ??= new Promise((resolve) => {
    sessionStorage.removeItem(KEY);
    at('forget').hidden = true;
    if (refused) {
      at('ask-why').textContent = 'The server refused that key. Try another one.';
      at('ask-why').className = 'wrong';
    }
    at('key').value = '';
    at('ask').showModal();
    at('ask-form').addEventListener('submit', (event) => {
      event.preventDefault();
      sessionStorage.setItem(KEY, at('key').value.trim());
      asking = null;
      at('ask').close();
      resolve();
    }, { once: true });
  });
  return asking;
}

/** Ask again and again; after a failure with growing pauses. */
async function follow(once, everyMs) {
  let failures = 0;
  for (;;) {
    try {
      if (!isPaused && !document.hidden) await once();
      if (failures) say('');
      failures = 0;
    } catch (error) {
      failures += 1;
      say(`The server does not answer (${error.message}). Trying again.`);
    }
    await pause(failures ? Math.min(1000 * 2 ** (failures - 1), LONGEST_PAUSE_MS) : everyMs);
  }
}

function say(text) {
  at('banner').textContent = text;
  at('banner').hidden = !text;
}

async function followRequests() {
  const answer = await ask(`codeassist/v1/requests?after=${latest}&wait=${WAIT_S}`);
  if (answer.started !== started) {
    started = answer.started;
    records = new Map();
    list.clear();
    if (latest) {
      latest = 0; // It counted an earlier server's changes: ask this one from the start.
      return;
    }
  }
  latest = answer.latest;
  for (const [number, record] of records) if (record.state === 'running') records.delete(number);
  for (const record of answer.requests) records.set(record.number, record);
  const known = [...records.values()].sort((one, other) => one.number - other.number).slice(-MOST_RECORDS);
  records = new Map(known.map((record) => [record.number, record]));
  list.update(known);
  showLatency();
}

function showLatency() {
  drawLatency(at('latency'), [...records.values()], status?.latency_ms.total);
}

async function followStatus() {
  status = await ask('codeassist/v1/status');
  showHead();
  showCards();
  showLatency();
  drawStages(at('stages'), status.latency_ms);
  showAcceptance();
  showClients();
  const quantiles = status.latency_ms.total;
  at('latency-note').textContent = quantiles ? `of the last ${count.format(quantiles.n)} answers, from asking to their end` : '';
}

function showHead() {
  const { engine, index, shadow } = status;
  at('workspace').textContent = status.workspace;
  const [state, text] = engineSaid(engine, status.model);
  pill('engine', state, text, engine.message);
  pill('index', index.state, `index ${index.state}, ${count.format(index.files)} files`, index.message);
  at('shadow').hidden = !shadow;
  if (shadow) {
    const text = `${Math.round(shadow.share * 100)} % of gaps also to ${shadow.where}`;
    pill('shadow', shadow.state, text, `${shadow.compared} compared, ${shadow.failed} failed, ${shadow.dropped} dropped`);
  }
  at('uptime').textContent = `${status.version}, up ${age(status.uptime_s)}`;
}

/** State and text for the engine: one that another one stands in for is not said to be ready. */
export function engineSaid(engine, model) {
  const [who, why] = engine.message.split(' stands in: ');
  if (engine.state === 'ready' && why) return ['starting', `${who} stands in for ${model}`];
  return [engine.state, `${model} ${engine.state}`];
}

function pill(id, state, text, message) {
  at(id).dataset.state = state;
  at(id).textContent = text;
  at(id).title = message;
}

function age(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

function showCards() {
  const { requests, tokens, latency_ms: latency, speculation, saved } = status;
  const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(0)} %` : '–');
  const others = ['left', 'superseded', 'failed'].filter((state) => requests[state]);
  const cards = [
    ['requests', count.format(requests.done), others.map((state) => `${requests[state]} ${state}`).join(', ') || 'answered'],
    ['now', String(requests.running), requests.waiting ? `${requests.waiting} of them waiting` : 'running'],
    ['latency', span(latency.total?.p50), latency.total ? `95 of 100 within ${span(latency.total.p95)}` : 'p50'],
    ['first token', span(latency.first_token?.p50), latency.first_token ? `95 of 100 within ${span(latency.first_token.p95)}` : 'p50'],
    ['cached', share(tokens.cached_tokens, tokens.prompt_tokens), `of ${count.format(tokens.prompt_tokens)} prompt tokens`],
    ['context', count.format(tokens.context_tokens), 'tokens added from the repository'],
    ['written', count.format(tokens.completion_tokens), 'tokens of answers'],
  ];
  if (requests.shared) cards.push(['shared', count.format(requests.shared), 'answered by another’s generation']);
  if (speculation) {
    const kept = share(speculation.accepted_tokens, speculation.drafted_tokens);
    const places = speculation.accepted_at.map((n) => share(n, speculation.drafts)).join(', ');
    const note = `of ${count.format(speculation.drafted_tokens)} tokens drafted by ${speculation.method}`;
    cards.push(['drafts kept', kept, places ? `${note}; 1st on: ${places}` : note]);
  }
  if (saved) cards.push(['saved', saved.cost.toFixed(saved.cost < 1 ? 4 : 2), `at ${saved.price_input} / ${saved.price_output} per million`]);
  at('cards').replaceChildren(...cards.map(card));
}

function card([name, value, note]) {
  const made = node('div', 'card');
  made.append(node('p', 'name', name), node('p', 'value', value), node('p', 'note', note));
  return made;
}

function showAcceptance() {
  const { clients, editors } = status.completions;
  const shares = [{ name: 'HTTP clients, since the start', part: clients.accepted, whole: clients.shown }];
  if (editors) shares.push({ name: 'all that is counted, 30 days', part: editors.accepted, whole: editors.shown });
  drawShares(at('acceptance'), shares);
}

function showClients() {
  if (!status.clients.length) return nothing(at('clients'), 'Nobody yet.');
  const table = node('table');
  const head = node('tr');
  head.append(node('th', '', 'client'), node('th', 'number', 'requests'), node('th', 'number', 'tokens'));
  table.append(head);
  for (const client of status.clients.slice(0, 8)) {
    const row = node('tr');
    const tokens = client.usage.prompt_tokens + client.usage.completion_tokens;
    row.append(
      node('td', '', client.name),
      node('td', 'number', count.format(client.requests)),
      node('td', 'number', count.format(tokens)),
    );
    table.append(row);
  }
  at('clients').replaceChildren(table);
  return undefined;
}

at('find').addEventListener('input', () => list.find(at('find').value));
at('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  at('pause').setAttribute('aria-pressed', String(isPaused));
  at('pause').textContent = isPaused ? 'Go on' : 'Pause';
});
at('forget').addEventListener('click', () => {
  sessionStorage.removeItem(KEY);
  location.reload();
});
// Without a key there is nothing to show, so the question stays.
at('ask').addEventListener('close', () => asking && at('ask').showModal());
window.addEventListener('resize', () => {
  if (!status) return;
  drawStages(at('stages'), status.latency_ms);
  showLatency();
  showAcceptance();
});

at('base').textContent = new URL('v1', location.href).href;
follow(followRequests, REQUESTS_EVERY_MS);
follow(followStatus, STATUS_EVERY_MS);
