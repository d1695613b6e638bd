import assert from 'node:assert/strict';
import { test } from 'node:test';

import { counted, menu } from '../src/menu';
import { face, isOn, snoozedFor, type ServerStatus, type View } from '../src/status';

const STATUS: ServerStatus = {
  engine: { state: 'ready', message: '' },
  model: 'small',
  workspace: '/repository',
  index: { state: 'ready', message: '', files: 1234, chunks: 9, symbols: 56789, vectors: true },
  enabled: true,
  languages_off: [],
  snoozed_until: null,
};

function view(changes: Partial<View> = {}, status: Partial<ServerStatus> = {}): View {
  return {
    phase: 'running',
    problem: '',
    status: { ...STATUS, ...status },
    work: '',
    enabled: { everywhere: true, language: true },
    language: { id: 'python', name: 'python' },
    now: 1000,
    ...changes,
  };
}

function labels(of: View): string[] {
  return menu(of).map(({ label }) => label);
}

test('a server that is ready shows so', () => {
  assert.deepEqual(face(view()), { kind: 'ready', text: '$(sparkle) codeassist', says: 'ready' });
});

test('every phase without a server has a face', () => {
  const kinds = (['missing', 'installing', 'starting', 'restarting', 'failed', 'stopped'] as const).map(
    (phase) => face(view({ phase, status: undefined })).kind,
  );
  assert.deepEqual(kinds, ['warning', 'busy', 'busy', 'busy', 'error', 'off']);
});

test('a problem is told with its phase', () => {
  const { says } = face(view({ phase: 'failed', problem: 'there is no such program', status: undefined }));
  assert.equal(says, 'the language server does not run: there is no such program');
});

test('trouble goes before what was chosen, and that before what is being done', () => {
  const failed = { engine: { state: 'failed', message: 'no memory' } } as const;
  assert.equal(face(view({ enabled: { everywhere: false, language: false } }, failed)).kind, 'error');
  const starting = { engine: { state: 'starting', message: '' } } as const;
  assert.equal(face(view({ enabled: { everywhere: false, language: false } }, starting)).kind, 'off');
  assert.equal(face(view({}, starting)).kind, 'busy');
});

test('a server that has told nothing yet is at work', () => {
  assert.equal(face(view({ status: undefined })).kind, 'busy');
});

test('what is off for one language is off there alone', () => {
  const off = view({ enabled: { everywhere: true, language: false } });
  assert.deepEqual(isOn(off), { everywhere: true, language: false });
  assert.equal(face(off).says, 'suggestions are off for python');
  assert.deepEqual(isOn(view({}, { languages_off: ['python'] })), { everywhere: true, language: false });
  assert.deepEqual(isOn(view({}, { languages_off: ['markdown'] })), { everywhere: true, language: true });
  assert.deepEqual(isOn(view({}, { enabled: false })), { everywhere: false, language: false });
});

test('snoozing counts down and ends by itself', () => {
  const asleep = view({}, { snoozed_until: 1000 + 901 });
  assert.equal(snoozedFor(asleep), 901);
  assert.deepEqual([face(asleep).kind, face(asleep).text], ['snoozed', '$(bell-slash) 15 min']);
  assert.equal(face(view({ now: 1061 }, { snoozed_until: 1061 })).kind, 'ready');
});

test('a model that stands in for another one is a warning', () => {
  const engine = { state: 'ready', message: 'small stands in: the GPU is full', stand_in: 'small' } as const;
  assert.deepEqual([face(view({}, { engine })).kind, face(view({}, { engine })).says], ['warning', engine.message]);
  assert.equal(face(view({ enabled: { everywhere: false, language: false } }, { engine })).kind, 'off');
});

test('an index that failed is a warning, one at work spins with its per cent', () => {
  const index = { ...STATUS.index, state: 'failed', message: 'disk full' } as const;
  assert.equal(face(view({}, { index })).kind, 'warning');
  const indexing = { ...STATUS.index, state: 'indexing' } as const;
  const busy = face(view({ work: 'indexing repository: 12/40, 30 %' }, { index: indexing }));
  assert.deepEqual([busy.kind, busy.says], ['busy', 'indexing repository: 12/40, 30 %']);
});

test('the menu has all that there is to do', () => {
  const actions = menu(view()).flatMap(({ action }) => action ?? []);
  assert.deepEqual(actions, [
    ...['toggle', 'toggleLanguage', 'snooze5', 'snooze15', 'snooze60', 'why', 'statistics', 'review'],
    ...['refresh', 'log', 'restart', 'log', 'settings'],
  ]);
  assert.ok(labels(view()).includes('$(database) Index: 1,234 files, 56,789 symbols'));
});

test('the menu of suggestions that sleep wakes them', () => {
  const actions = menu(view({}, { snoozed_until: 1300 })).flatMap(({ action }) => action ?? []);
  assert.ok(actions.includes('wake') && !actions.includes('snooze5'));
});

test('the menu without a server offers one', () => {
  const actions = menu(view({ phase: 'missing', status: undefined })).flatMap(({ action }) => action ?? []);
  assert.deepEqual(actions, ['install', 'choose', 'log', 'settings']);
});

test('numbers have commas between thousands', () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(counted), ['0', '999', '1,000', '1,234,567']);
});
