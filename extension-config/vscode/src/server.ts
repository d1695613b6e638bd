// The language server's life: started, watched, started again after a crash with growing pauses, stopped for good.

import { createInterface } from 'node:readline';

import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  State,
  TransportKind,
  type LanguageClientOptions,
} from 'vscode-languageclient/node';

import { delay, failed, isTold, NONE, type Failures } from './backoff';
import { logLine } from './logLine';
import { unlinked } from './readable';
import type { Phase, ServerStatus } from './status';
import { Turns } from './turns';

export const STATUS = 'codeassist/status';

/** What to start: found anew before each start, for it may have been installed or moved meanwhile. */
export type Launch = () => { command: string; args: string[] } | undefined;

/** Never pops up: a request that failed costs its answer and a line in the log. Commands tell their errors themselves. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export class Server implements vscode.Disposable {
  phase: Phase = 'stopped';
  problem = '';
  status: ServerStatus | undefined;

  private client: LanguageClient | undefined;
  private failures: Failures = NONE;
  private startedAt = 0;
  private readonly turns = new Turns();
  private timer: NodeJS.Timeout | undefined;
  private readonly changes = new vscode.EventEmitter<void>();

  /** Phase, problem or status are others. */
  readonly onChanged = this.changes.event;

  constructor(
    private readonly launch: Launch,
    private readonly options: LanguageClientOptions,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get running(): LanguageClient | undefined {
    return this.phase === 'running' ? this.client : undefined;
  }

  /** Start it, or start it anew. Never throws: what goes wrong is a phase and a problem. */
  async start(): Promise<void> {
    this.failures = NONE;
    await this.turns.restart(() => this.endClient(), () => this.launchOnce('starting'));
  }

  /** Stop it and start it no more. */
  async stop(): Promise<void> {
    await this.turns.end(() => this.endClient());
  }

  private async endClient(): Promise<void> {
    clearTimeout(this.timer);
    const client = this.client;
    this.client = undefined;
    this.become('stopped');
    await end(client, this.log);
  }

  /** Say why there is none, or what is being done about it. */
  become(phase: Phase, problem = ''): void {
    this.phase = phase;
    this.problem = problem;
    if (phase !== 'running') {
      this.status = undefined;
    }
    void vscode.commands.executeCommand('setContext', 'codeassist.running', phase === 'running');
    this.changes.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.changes.dispose();
  }

  private async launchOnce(phase: Phase): Promise<void> {
    let what: ReturnType<Launch>;
    try {
      what = this.launch();
    } catch (error) {
      this.become('failed', sentence(error));
      return;
    }
    if (!what) {
      this.become('missing');
      return;
    }
    const client = new QuietClient('codeassist', 'codeassist', this.executable(what), {
      ...this.options,
      outputChannel: this.log,
      stdioOptions: { stdout: this.hear, stderr: this.hear },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }), // ended() decides
      },
    });
    this.client = client;
    this.startedAt = Date.now();
    this.become(phase, phase === 'restarting' ? this.problem : '');
    client.onNotification(STATUS, (status: ServerStatus) => this.told(client, status));
    let isOver = false;
    const over = (problem: string) => {
      if (!isOver) {
        isOver = true;
        this.ended(client, problem);
      }
    };
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped || newState === State.StartFailed) {
        over('it ended; the log tells more');
      }
    });
    try {
      await client.start();
    } catch (error) {
      over(sentence(error));
      return;
    }
    if (this.client === client) {
      this.become('running');
    }
  }

  private readonly hear = (input: NodeJS.ReadableStream): void => {
    createInterface({ input, crlfDelay: Infinity }).on('line', (line) => {
      const { level, text } = logLine(line);
      this.log[level](text);
    });
  };

  private executable({ command, args }: { command: string; args: string[] }) {
    const executable = { command, args, transport: TransportKind.stdio };
    return { run: executable, debug: executable };
  }

  private told(client: LanguageClient, status: ServerStatus): void {
    if (this.client === client) {
      this.status = status;
      this.changes.fire();
    }
  }

  /** A client that was not stopped is over: plan the next one. */
  private ended(client: LanguageClient, problem: string): void {
    if (this.client !== client) {
      return; // stopped or replaced on purpose
    }
    this.client = undefined;
    this.failures = failed(this.failures, this.startedAt, Date.now());
    const pause = delay(this.failures);
    this.log.error(`the language server has ended (${this.failures.n}): ${problem}; next start in ${pause / 1000} s`);
    this.become('restarting', pause > 0 ? `${problem} (next start in ${pause / 1000} s)` : problem);
    if (isTold(this.failures)) {
      void this.tell(problem);
    }
    this.timer = setTimeout(() => void this.launchOnce('restarting'), pause);
    void end(client, this.log);
  }

  private async tell(problem: string): Promise<void> {
    const message = `codeassist keeps ending: ${problem}. It is tried again, with growing pauses.`;
    const answer = await vscode.window.showWarningMessage(message, 'Show log', 'Restart now');
    if (answer === 'Show log') {
      this.log.show();
    } else if (answer === 'Restart now') {
      await this.start();
    }
  }
}

/** Stop a client in whatever state it is, its process included. */
async function end(client: LanguageClient | undefined, log: vscode.LogOutputChannel): Promise<void> {
  if (!client) {
    return;
  }
  const child = client.serverProcess;
  try {
    await client.dispose();
  } catch (error) {
    log.debug(`stopping: ${sentence(error)}`); // it was still starting, has ended, or does not answer
    if (child?.exitCode === null && child.signalCode === null) {
      child.stdin?.end();
      child.kill();
    }
  }
}

/** What an error says; the client rejects without one at times. */
export function sentence(error: unknown): string {
  return unlinked(error instanceof Error && error.message ? error.message : String(error ?? 'it did not start'));
}
