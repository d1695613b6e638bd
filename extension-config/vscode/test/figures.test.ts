import assert from 'node:assert/strict';
import { test } from 'node:test';

import { statisticsPage } from '../src/figures';

const TALLY = { shown: 24, accepted: 6, partly: 1, typed_along: 2, kept_30: 3, looked_at_30: 4, looked_at_300: 0, latency_p50_ms: 234.2, latency_p95_ms: 801 };

test('statistics are read by language and by day, the newest first', () => {
  const days = { '2026-11-27': TALLY, '2026-11-28': TALLY };
  const page = statisticsPage({ total: TALLY, languages: { python: TALLY }, days, problem: '' }, 30);
  const row = '<td>24</td><td>6 (25 %)</td><td>1</td><td>2</td><td>3 of 4</td><td></td><td>234 (801)</td>';
  for (const name of ['all', 'python', '2026-11-28']) {
    assert.ok(page.includes(`<td>${name}</td>${row}`), name);
  }
  assert.ok(page.indexOf('2026-11-28') < page.indexOf('2026-11-27'));
});

test('without figures the page says why', () => {
  assert.match(statisticsPage(null, 7), /last 7 days[\s\S]*Nothing was counted/);
  assert.match(statisticsPage({ total: { shown: 0 } }, 7), /Nothing was counted/);
  assert.match(statisticsPage({ problem: 'it is <locked>' }, 7), /it is &lt;locked&gt;/);
});
