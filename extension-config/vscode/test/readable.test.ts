import assert from 'node:assert/strict';
import { test } from 'node:test';

import { explanationPage, unlinked, whyPage, type Why } from '../src/readable';

const link = (path: string, line: number) => `file:///${path}#L${line}`;

const WHY: Why = {
  id: 'complete-3',
  uri: 'file:///a.py',
  line: 11,
  text: 'width * height\n',
  reason: '',
  confidence: 0.874,
  sources: [{ path: 'area_of.py', start_line: 3, end_line: 9, why: 'defines area', n_tokens: 40 }],
  ms: { retrieve: 4.4, decode: 80.2, total: 97.6 },
};

test('a suggestion tells its place, confidence, time and sources', () => {
  const page = whyPage(WHY, link);
  for (const part of [
    '<h1>Why this suggestion</h1>',
    '<a href="file:///file:///a.py#L12">line 12</a>',
    '<pre>width * height</pre>',
    '<td>confidence in its first line</td><td>87 %</td>',
    '<td>time</td><td>98 ms (retrieve 4, decode 80)</td>',
    '<a href="file:///area_of.py#L3">area_of.py:3-9</a>: defines area',
  ]) {
    assert.ok(page.includes(part), part);
  }
});

test('silence tells its reason', () => {
  const page = whyPage({ ...WHY, text: '', reason: 'low confidence (0.20 < 0.35)', confidence: 0.2, sources: [] }, link);
  assert.match(page, /Why there was no suggestion/);
  assert.ok(page.includes('<b>low confidence (0.20 &lt; 0.35)</b>'));
  assert.match(page, /No code from other files/);
});

test('before the first suggestion there is something to do', () => {
  assert.match(whyPage(null, link), /No suggestion yet/);
});

test('no code becomes markup', () => {
  const evil = '</pre><a href="command:evil">&amp;';
  const page = whyPage({ ...WHY, text: evil, reason: evil, sources: [{ path: evil, start_line: 1, end_line: 1, why: evil }] }, link);
  assert.ok(!page.includes('href="command:'));
  assert.equal(page.split('</pre>').length, 2);
  assert.ok(page.includes('&lt;/pre&gt;&lt;a href=&quot;command:evil&quot;&gt;&amp;amp;'));
});

test('a prompt is shown with its budgets, sources and what was left out', () => {
  const explanation = {
    prompt: '<begin>\nx = 1',
    prompt_tokens: 12,
    sources: [{ path: 'b.py', start_line: 1, end_line: 1, why: 'imported' }],
    left_out: [{ path: 'c.py', start_line: 4, end_line: 8, reason: 'no room' }],
    budgets: { above: { used: 10, allowed: 100 } },
    forced_prefix: 'wid',
    skip_reason: null,
    ms: {},
  };
  const page = explanationPage(explanation, 'a.py:3', link);
  for (const part of ['<td>above</td><td>10</td><td>100</td>', '>b.py:1</a>: imported', '>c.py:4-8</a>: no room', '12 tokens', '“wid”', '&lt;begin&gt;\nx = 1']) {
    assert.ok(page.includes(part), part);
  }
});

test('a message has no links, whatever it tells', () => {
  assert.equal(unlinked('`[open](command:workbench.action.terminal.new)`'), '`[open] (command:workbench.action.terminal.new)`');
  assert.equal(unlinked('[a](HTTPS://x) a[i](b)'), '[a] (HTTPS://x) a[i](b)');
});
