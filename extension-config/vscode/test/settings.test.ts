import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asEnable, changed, isEnabled, mayBeOnSomewhere, serverSettings, told, withEverything, withLanguage } from '../src/settings';
import type { Configuration, Inspected } from '../src/settings';

const DEFAULTS: Record<string, unknown> = { enable: { '*': true }, settings: {}, 'completion.max_lines': 12, 'index.vectors': true };

function configuration(set: Record<string, Inspected>): Configuration {
  const value = ({ workspaceFolderValue, workspaceValue, globalValue }: Inspected) =>
    workspaceFolderValue ?? workspaceValue ?? globalValue;
  return {
    get: (name) => (set[name] ? value(set[name]) : DEFAULTS[name]),
    inspect: (name) => ({ defaultValue: DEFAULTS[name], ...set[name] }),
  };
}

const NAMES = ['completion.max_lines', 'index.vectors'];

test('what nobody set is not sent', () => {
  assert.deepEqual(serverSettings(configuration({}), NAMES, true), {});
});

test('a value that equals the default is sent when somebody set it', () => {
  const set = { 'completion.max_lines': { globalValue: 12 }, 'index.vectors': { workspaceValue: false } };
  assert.deepEqual(serverSettings(configuration(set), NAMES, true), { 'completion.max_lines': 12, 'index.vectors': false });
});

test('a folder that is not trusted sets nothing', () => {
  const set = { 'index.vectors': { workspaceValue: false } };
  assert.deepEqual(serverSettings(configuration(set), NAMES, false), {});
});

test('the old setting still counts, after the new ones', () => {
  const set = {
    settings: { globalValue: { 'completion.max_lines': 3, 'log.level': 'debug' } },
    'completion.max_lines': { globalValue: 5 },
  };
  assert.deepEqual(serverSettings(configuration(set), NAMES, true), { 'completion.max_lines': 5, 'log.level': 'debug' });
});

test('off everywhere is told to the server, off in some languages is not', () => {
  const off = (value: object) => serverSettings(configuration({ enable: { globalValue: value } }), NAMES, true);
  assert.deepEqual(off({ '*': false }), { 'completion.enabled': false });
  assert.deepEqual(off({ '*': false, python: true }), {});
  assert.deepEqual(off({ '*': true, python: false }), {});
});

test('the old setting may be nested', () => {
  const settings = { globalValue: { completion: { max_lines: 3, languages_off: ['go'] }, 'log.level': 'debug' } };
  const expected = { 'completion.max_lines': 3, 'completion.languages_off': ['go'], 'log.level': 'debug' };
  assert.deepEqual(serverSettings(configuration({ settings }), NAMES, true), expected);
});

test('what is set no longer is taken back', () => {
  const atStart = { 'completion.enabled': false, 'completion.max_lines': 3 };
  assert.deepEqual(told(atStart, { 'completion.max_lines': 4 }), { 'completion.enabled': null, 'completion.max_lines': 4 });
  assert.deepEqual(told({}, { 'completion.max_lines': 4 }), { 'completion.max_lines': 4 });
});

test('differences are told by name', () => {
  assert.deepEqual(changed({ a: 1, b: [1], c: 1 }, { a: 1, b: [2], d: 1 }), ['b', 'c', 'd']);
  assert.deepEqual(changed({ b: ['x'] }, { b: ['x'] }), []);
});

test('a language follows its own switch, else that of all', () => {
  assert.equal(isEnabled({ '*': false, python: true }, 'python'), true);
  assert.equal(isEnabled({ '*': false, python: true }, 'go'), false);
  assert.equal(isEnabled({}, 'go'), true);
  assert.equal(mayBeOnSomewhere({ '*': false, go: false }), false);
});

test('turning a language off and on again leaves nothing behind', () => {
  const off = withLanguage({ '*': true }, 'python', false);
  assert.deepEqual(off, { '*': true, python: false });
  assert.deepEqual(withLanguage(off, 'python', true), { '*': true });
});

test('turning all off turns all off, and on again keeps what was off by itself', () => {
  const off = withEverything({ '*': true, markdown: false, go: true }, false);
  assert.equal(mayBeOnSomewhere(off), false);
  assert.deepEqual(withEverything(off, true), { '*': true, markdown: false });
});

test('nonsense in the settings means nothing', () => {
  assert.deepEqual([asEnable(null), asEnable([true]), asEnable('x'), asEnable({ a: 1, b: false })], [{}, {}, {}, { b: false }]);
});
