// What the server says of its suggestions, as pages that a person reads. HTML without scripts. Pure.

/** A piece of code that the prompt carried. Lines count from 1 and are inclusive. */
export interface Source {
  path: string;
  start_line: number;
  end_line: number;
  why: string;
  n_tokens?: number;
}

/** What `codeassist.why` gives. line: from 0. */
export interface Why {
  id: string;
  uri: string;
  line: number;
  text: string;
  reason: string;
  confidence: number | null;
  sources: Source[];
  ms: Record<string, number>;
}

/** What `codeassist.explain` gives. */
export interface Explanation {
  prompt: string;
  prompt_tokens: number;
  sources: Source[];
  left_out: { path: string; start_line?: number; end_line?: number; reason?: string; why?: string }[];
  budgets: Record<string, { allowed: number; used: number }>;
  forced_prefix: string;
  skip_reason: string | null;
  ms: Record<string, number>;
}

/** The address that opens a place in a file. */
export type Link = (path: string, line: number) => string;

export function whyPage(why: Why | null, link: Link): string {
  if (!why) {
    return '<h1>No suggestion yet</h1><p>Type a few characters in a file, then ask again.</p>';
  }
  const place = `<a href="${escaped(link(why.uri, why.line + 1))}">line ${why.line + 1}</a>`;
  const parts = why.text
    ? [`<h1>Why this suggestion</h1><p>For ${place}:</p>`, code(why.text), why.reason ? paragraph(why.reason) : '']
    : [`<h1>Why there was no suggestion</h1><p>For ${place}: <b>${escaped(why.reason)}</b></p>`];
  const heading = why.text ? 'What the model had seen' : 'What the model would have seen';
  return [...parts, facts(why), sources(why.sources, link, heading)].join('\n');
}

export function explanationPage(explanation: Explanation, place: string, link: Link): string {
  const { prompt, budgets, skip_reason, forced_prefix, left_out } = explanation;
  return [
    `<h1>What is sent to the model at ${escaped(place)}</h1>`,
    skip_reason ? `<p>Typing alone brings no suggestion here: <b>${escaped(skip_reason)}</b></p>` : '',
    table(['part of the prompt', 'tokens', 'of at most'], budgetRows(budgets)),
    forced_prefix ? paragraph(`The answer has to begin with “${forced_prefix}”, the unfinished word at the cursor.`) : '',
    sources(explanation.sources, link, 'Code from elsewhere'),
    left_out.length ? `<h2>Left out</h2>${list(left_out.map((one) => leftOut(one, link)))}` : '',
    prompt ? `<h2>The prompt, ${explanation.prompt_tokens} tokens</h2>${code(prompt)}` : '',
  ].join('\n');
}

function facts(why: Why): string {
  const rows: string[][] = [];
  if (typeof why.confidence === 'number') {
    rows.push(['confidence in its first line', `${Math.round(100 * why.confidence)} %`]);
  }
  const { total, ...stages } = why.ms ?? {};
  if (total !== undefined) {
    const parts = Object.entries(stages).map(([stage, ms]) => `${words(stage)} ${Math.round(ms)}`);
    rows.push(['time', `${Math.round(total)} ms${parts.length ? ` (${parts.join(', ')})` : ''}`]);
  }
  return rows.length ? table([], rows) : '';
}

function sources(given: Source[] | undefined, link: Link, heading: string): string {
  if (!given?.length) {
    return '<p>No code from other files was in the prompt.</p>';
  }
  return `<h2>${heading}</h2>${list(given.map((source) => `${located(source, link)}: ${marked(source.why)}`))}`;
}

function leftOut(one: Explanation['left_out'][number], link: Link): string {
  return `${located({ start_line: 1, end_line: 1, ...one }, link)}: ${marked(one.reason ?? one.why ?? '')}`;
}

function located(source: { path: string; start_line: number; end_line: number }, link: Link): string {
  const { path, start_line: start, end_line: end } = source;
  const name = `${path}:${start === end ? start : `${start}-${end}`}`;
  return `<a href="${escaped(link(path, start))}">${escaped(name)}</a>`;
}

function budgetRows(budgets: Explanation['budgets']): string[][] {
  return Object.entries(budgets).map(([part, { used, allowed }]) => [words(part), String(used), String(allowed)]);
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}

export function table(head: string[], rows: string[][]): string {
  const row = (cells: string[], tag: string) => `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>${head.length ? row(head, 'th') : ''}${rows.map((cells) => row(cells, 'td')).join('')}</table>`;
}

function list(items: string[]): string {
  return `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`;
}

function code(text: string): string {
  return `<pre>${escaped(text.replace(/\n$/, ''))}</pre>`;
}

function paragraph(text: string): string {
  return `<p>${escaped(text)}</p>`;
}

/** The same, with what stands between backticks as code. */
function marked(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

/** A message that VS Code makes no links of: these may run commands, and what is told may come from a repository. */
export function unlinked(message: string): string {
  return message.replace(/\]\((?=[a-z]+:)/gi, '] (');
}

/** Text in which nothing means anything in HTML. */
export function escaped(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
