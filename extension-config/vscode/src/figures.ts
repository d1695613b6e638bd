// What became of suggestions, as a page that a person reads. Pure.

import { escaped, table } from './readable';

/** TALLY of docs/language-server.md; what an older server does not tell is absent. */
export type Tally = Partial<
  Record<
    | 'shown'
    | 'accepted'
    | 'partly'
    | 'typed_along'
    | 'characters'
    | 'kept_30'
    | 'looked_at_30'
    | 'kept_300'
    | 'looked_at_300'
    | 'latency_p50_ms'
    | 'latency_p95_ms',
    number | null
  >
>;

/** FIGURES of docs/language-server.md. */
export interface Figures {
  total?: Tally;
  languages?: Record<string, Tally>;
  days?: Record<string, Tally>;
  problem?: string;
}

const HEAD = ['shown', 'accepted', 'in part', 'typed', '30 s', '5 min', 'ms'];

export function statisticsPage(figures: Figures | null, days: number): string {
  const heading = `<h1>The last ${days} days</h1><p>Counted on this machine and never sent.</p>`;
  if (figures?.problem) {
    return `${heading}<p><b>${escaped(figures.problem)}</b></p>`;
  }
  if (!figures?.total?.shown) {
    return `${heading}<p>Nothing was counted yet.</p>`;
  }
  const newestFirst = Object.entries(figures.days ?? {}).sort().reverse();
  return [
    heading,
    tallies('By language', [['all', figures.total], ...Object.entries(figures.languages ?? {})]),
    tallies('By day', newestFirst),
    EXPLAINED,
  ].join('\n');
}

const EXPLAINED = `<p>Accepted: as a whole, by Tab. In part: by the word. Typed: letter by letter, as it stood there. 30 s and
  5 min: so many were mostly unchanged so long after they were accepted. ms: from the request to the answer, the median, and
  in brackets what 95 % stay below.</p>`;

function tallies(title: string, rows: [string, Tally][]): string {
  return rows.length ? `<h2>${title}</h2>${table(['', ...HEAD], rows.map(([name, tally]) => [name, ...cells(tally)]))}` : '';
}

function cells(tally: Tally): string[] {
  const { shown, accepted, partly, typed_along, latency_p50_ms, latency_p95_ms } = tally;
  return [
    figure(shown),
    `${figure(accepted)}${share(accepted, shown)}`,
    figure(partly),
    figure(typed_along),
    kept(tally.kept_30, tally.looked_at_30),
    kept(tally.kept_300, tally.looked_at_300),
    latency(latency_p50_ms, latency_p95_ms),
  ];
}

/** Nothing where nothing could be looked at again. */
function kept(n: number | null | undefined, of: number | null | undefined): string {
  return of ? `${n ?? 0} of ${of}` : '';
}

function latency(median: number | null | undefined, most: number | null | undefined): string {
  return [figure(median), most ? `(${figure(most)})` : ''].filter(Boolean).join(' ');
}

function share(n: number | null | undefined, of: number | null | undefined): string {
  return n && of ? ` (${Math.round((100 * n) / of)} %)` : '';
}

function figure(n: number | null | undefined): string {
  return typeof n === 'number' ? String(Math.round(n)) : '';
}
