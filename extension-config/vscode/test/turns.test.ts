import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';

import { Turns } from '../src/turns';

/** A server that takes its time to end, as one that holds a model does. */
class Slow {
  readonly turns = new Turns();
  readonly said: string[] = [];
  private isRunning = true;
  release: () => void = () => undefined;

  async stop(): Promise<void> {
    if (this.isRunning) {
      this.isRunning = false;
      await new Promise<void>((done) => (this.release = done));
      this.said.push('ended');
    }
  }

  async start(): Promise<void> {
    this.isRunning = true;
    this.said.push('started');
  }

  restart(): Promise<void> {
    return this.turns.restart(() => this.stop(), () => this.start());
  }
}

test('who restarts twice gets one server, once the old one has ended', async () => {
  const server = new Slow();
  const both = [server.restart(), server.restart()];
  await setImmediate();
  assert.deepEqual(server.said, []);
  server.release();
  await Promise.all(both);
  assert.deepEqual(server.said, ['ended', 'started']);
});

test('what is stopped while it waits to start does not start', async () => {
  const server = new Slow();
  const both = [server.restart(), server.turns.end(() => server.stop())];
  server.release();
  await Promise.all(both);
  assert.deepEqual(server.said, ['ended']);
});
