// Starts `codeassist lsp`, shows in the status bar how it is, and gives VS Code's users the server's commands. Ghost text
// itself is VS Code's own inline completion: vscode-languageclient registers the provider because the server has one.

import * as vscode from 'vscode';
import type { LanguageClient, LanguageClientOptions, Middleware } from 'vscode-languageclient/node';

import * as commands from './commands';
import { choose as chooseProgram, installVisibly, offer } from './install';
import { locate } from './locate';
import type { Action } from './menu';
import { NextEdit } from './nextEdit';
import { Pages } from './pages';
import { Server } from './server';
import { changed, isEnabled, mayBeOnSomewhere, serverSettings, told } from './settings';
import type { Values } from './settings';
import type { View } from './status';
import { choose, StatusItem } from './statusItem';
import { enable, settings, Switches } from './switches';
import { Work } from './work';

/** Settings that are the extension's own; every other one that package.json declares is the server's. */
const OWN = new Set(['command', 'arguments', 'installFrom', 'enable', 'settings', 'trace.server']);
const DOCUMENTS = [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-vfs' }];
const MINUTE_MS = 60_000;

let stop: (() => Promise<void>) | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel('codeassist', { log: true });
  const extension = new Extension(context, log);
  stop = () => extension.server.stop();
  context.subscriptions.push(log, extension);
  await extension.start();
}

export async function deactivate(): Promise<void> {
  await stop?.();
}

class Extension implements vscode.Disposable {
  readonly server: Server;
  private readonly pages = new Pages();
  private readonly item = new StatusItem();
  private readonly switches: Switches;
  private readonly work = new Work(() => this.show());
  private readonly names: string[];
  private readonly subscriptions: vscode.Disposable[];
  private atStart: Values = {};
  private sent: Values = {};

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.names = serverSettingNames(context);
    this.server = new Server(() => this.launch(), this.options(), log);
    this.switches = new Switches(this.server, () => this.view());
    const nextEdit = new NextEdit(() => this.server.running, isWanted);
    const clock = setInterval(() => this.show(), MINUTE_MS); // what is snoozed tells for how long
    this.subscriptions = [
      this.server,
      this.pages,
      this.item,
      nextEdit,
      { dispose: () => clearInterval(clock) },
      this.server.onChanged(() => this.changed()),
      vscode.window.onDidChangeActiveTextEditor(() => this.focused()),
      vscode.workspace.onDidChangeConfiguration((event) => this.configured(event)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.sendSettings()),
      ...this.register(nextEdit),
    ];
  }

  async start(): Promise<void> {
    await this.server.start();
    if (this.server.phase === 'missing') {
      void offer(this.context);
    } else if (this.server.phase === 'failed') {
      void this.tellFailure(this.server.problem);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private register(nextEdit: NextEdit): vscode.Disposable[] {
    const { server, pages, switches } = this;
    const on = vscode.commands.registerCommand;
    const at = vscode.commands.registerTextEditorCommand;
    return [
      on('codeassist.menu', () => this.menu()),
      on('codeassist.toggle', () => switches.toggle()),
      on('codeassist.toggleLanguage', () => switches.toggleLanguage()),
      on('codeassist.snoozeFor', () => switches.snooze()),
      on('codeassist.wake', () => switches.sleep(0)),
      on('codeassist.updateIndex', () => commands.ask(server, 'codeassist.refreshIndex')),
      on('codeassist.showWhy', () => commands.showWhy(server, pages)),
      on('codeassist.showStatistics', () => commands.showStatistics(server, pages)),
      on('codeassist.reviewChanges', (view?: vscode.SourceControl) => commands.reviewChanges(server, view?.rootUri)),
      on('codeassist.showLog', () => this.log.show()),
      on('codeassist.openSettings', () => this.openSettings()),
      on('codeassist.restart', () => this.start()),
      on('codeassist.install', () => this.install()),
      on('codeassist.choose', () => chooseProgram()), // the changed setting starts it
      on('codeassist.dismissNextEdit', () => nextEdit.dismiss()),
      at('codeassist.goToNextEdit', (editor) => void nextEdit.goOrAccept(editor)),
      at('codeassist.explainHere', (editor) => void commands.explainHere(server, pages, editor)),
      at('codeassist.rewriteSelection', (editor) => void commands.rewriteSelection(server, editor)),
    ];
  }

  private launch(): { command: string; args: string[] } | undefined {
    const configuration = settings();
    const setting = String(configuration.get('command') ?? '').trim();
    const found = locate(setting, process.env.PATH ?? '', this.context.globalStorageUri.fsPath);
    const args = configuration.get<string[]>('arguments') ?? ['lsp'];
    this.log.info(found ? `starting ${[found.command, ...args].join(' ')} (by ${found.from})` : 'no server was found');
    return found && { command: found.command, args };
  }

  private options(): LanguageClientOptions {
    const middleware: Middleware = {
      executeCommand: (command, args, next) => commands.executeCommand(command, args, next),
      handleWorkDoneProgress: (token, params) => this.work.told(token, params),
      provideInlineCompletionItems: (document, position, inline, token, next) =>
        isWanted(document) ? next(document, position, inline, token) : undefined,
      workspace: {
        configuration: ({ items }) => items.map(({ section }) => (section === 'codeassist' ? this.read() : null)),
        didChangeConfiguration: () => this.sendSettings(),
      },
    };
    return { documentSelector: DOCUMENTS, initializationOptions: () => this.begin(), middleware };
  }

  /** The settings that a server starts with. */
  private begin(): Values {
    this.atStart = this.sent = serverSettings(settings(), this.names, vscode.workspace.isTrusted);
    return this.sent;
  }

  /** The settings as the server is told them now. */
  private read(): Values {
    this.sent = told(this.atStart, serverSettings(settings(), this.names, vscode.workspace.isTrusted));
    return this.sent;
  }

  private async sendSettings(): Promise<void> {
    const before = this.sent;
    const differences = changed(before, this.read());
    if (differences.length > 0) {
      this.log.info(`settings changed: ${differences.join(', ')}`);
      await this.server.running?.sendNotification('workspace/didChangeConfiguration', { settings: { codeassist: this.sent } });
    }
  }

  private configured(event: vscode.ConfigurationChangeEvent): void {
    if (event.affectsConfiguration('codeassist.command') || event.affectsConfiguration('codeassist.arguments')) {
      void this.start();
    } else if (event.affectsConfiguration('codeassist')) {
      void this.sendSettings();
      this.show();
    }
  }

  private changed(): void {
    if (this.server.phase !== 'running') {
      this.work.clear();
    }
    this.show();
    const { running } = this.server;
    if (running && running !== this.greeted) {
      this.focused();
    }
    this.greeted = running;
  }

  /** The client that knows which document is shown. */
  private greeted: LanguageClient | undefined;

  /** The server prepares for the document that is shown. */
  private focused(): void {
    this.show();
    const document = vscode.window.activeTextEditor?.document;
    const client = this.server.running;
    if (client && document && vscode.languages.match(DOCUMENTS, document) > 0) {
      const uri = client.code2ProtocolConverter.asUri(document.uri);
      void client.sendNotification('textDocument/didFocus', { textDocument: { uri } });
    }
  }

  private show(): void {
    this.item.show(this.view());
  }

  private view(): View {
    // A page that is read is no reason to forget the code beside it.
    const document = (vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0])?.document;
    const isCode = document !== undefined && vscode.languages.match(DOCUMENTS, document) > 0;
    const everywhere = mayBeOnSomewhere(enable(document));
    const { phase, problem, status } = this.server;
    return {
      phase,
      problem,
      status,
      work: this.work.text,
      enabled: { everywhere, language: !isCode || isEnabled(enable(document), document.languageId) },
      language: isCode ? { id: document.languageId, name: document.languageId } : undefined,
      now: Date.now() / 1000,
    };
  }

  private async menu(): Promise<void> {
    const action = await choose(this.view());
    // A click has taken the focus to the status bar, where it would stay.
    await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
    if (action) {
      await this.act(action);
    }
  }

  private async act(action: Action): Promise<void> {
    const ids: Partial<Record<Action, string>> = {
      refresh: 'updateIndex',
      why: 'showWhy',
      statistics: 'showStatistics',
      review: 'reviewChanges',
      log: 'showLog',
      settings: 'openSettings',
    };
    if (action.startsWith('snooze')) {
      await this.switches.sleep(Number(action.slice('snooze'.length)));
    } else {
      await vscode.commands.executeCommand(`codeassist.${ids[action] ?? action}`);
    }
  }

  private async install(): Promise<void> {
    if (this.server.phase === 'installing') {
      return;
    }
    const { phase, problem } = this.server;
    if (phase === 'running') {
      await this.server.stop();
    }
    this.server.become('installing');
    const program = await installVisibly(this.context, this.log, (message) => this.server.become('installing', message));
    if (program) {
      await this.server.start();
      void vscode.window.showInformationMessage('codeassist is installed. The model is being loaded; the status bar shows when it is ready.');
    } else if (phase === 'running') {
      await this.server.start();
    } else {
      this.server.become(phase, problem);
    }
  }

  private async openSettings(): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${this.context.extension.id}`);
  }

  private async tellFailure(problem: string): Promise<void> {
    const answer = await vscode.window.showWarningMessage(`codeassist did not start: ${problem}`, 'Choose…', 'Settings', 'Show log');
    const actions: Record<string, string> = { 'Choose…': 'choose', Settings: 'openSettings', 'Show log': 'showLog' };
    if (answer) {
      await vscode.commands.executeCommand(`codeassist.${actions[answer]}`);
    }
  }
}

/** Whether suggestions are wanted in a document: of single languages that are off the server knows nothing. */
function isWanted(document: vscode.TextDocument): boolean {
  return vscode.languages.match(DOCUMENTS, document) > 0 && isEnabled(enable(document), document.languageId);
}

function serverSettingNames(context: vscode.ExtensionContext): string[] {
  const parts = context.extension.packageJSON.contributes.configuration as { properties: object }[];
  const names = parts.flatMap(({ properties }) => Object.keys(properties)).map((name) => name.slice('codeassist.'.length));
  return names.filter((name) => !OWN.has(name));
}
