// The next edit: where the server proposes one, a hint beside the code. Alt+N goes there, Alt+N again makes the change.
// Tab stays with ghost text.

import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

import { hint, replaced, type Edit } from './edits';

const REQUEST = 'textDocument/copilotInlineEdit';
const SHOWN = 'textDocument/didShowInlineEdit';
const CONTEXT = 'codeassist.hasNextEdit';

/** An edit repeats only once it is done: asked for when the typing rests. */
const REST_MS = 400;

/** range: what the edit replaces; gone: of that, what really goes; added: what comes in its place. */
interface Proposal {
  editor: vscode.TextEditor;
  version: number;
  range: vscode.Range;
  gone: vscode.Range;
  added: string;
  edit: Edit;
}

export class NextEdit implements vscode.Disposable {
  private proposal: Proposal | undefined;
  private timer: NodeJS.Timeout | undefined;
  private asking: vscode.CancellationTokenSource | undefined;
  private readonly old = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor('diffEditor.removedTextBackground'),
  });
  private readonly added = vscode.window.createTextEditorDecorationType({});
  private readonly subscriptions: vscode.Disposable[];

  /** isWanted: whether it is offered in a document before anybody asks. */
  constructor(
    private readonly client: () => LanguageClient | undefined,
    private readonly isWanted: (document: vscode.TextDocument) => boolean,
  ) {
    this.subscriptions = [
      this.old,
      this.added,
      vscode.workspace.onDidChangeTextDocument((event) => this.edited(event)),
      vscode.window.onDidChangeActiveTextEditor(() => this.dismiss()),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.moved(textEditor)),
    ];
  }

  /** Go to the proposed change; make it when the cursor is there already. Asks the server where none is shown. */
  async goOrAccept(editor: vscode.TextEditor): Promise<void> {
    if (!this.isCurrent(editor)) {
      await this.ask(editor);
    }
    const proposal = this.proposal;
    if (!proposal) {
      vscode.window.setStatusBarMessage('codeassist: no next edit', 3000);
    } else if (isAt(editor, proposal.gone)) {
      await this.accept(proposal);
    } else {
      editor.selection = new vscode.Selection(proposal.gone.start, proposal.gone.start);
      editor.revealRange(proposal.range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
  }

  dismiss(): void {
    clearTimeout(this.timer);
    this.asking?.cancel();
    this.proposal?.editor.setDecorations(this.old, []);
    this.proposal?.editor.setDecorations(this.added, []);
    this.proposal = undefined;
    void vscode.commands.executeCommand('setContext', CONTEXT, false);
  }

  dispose(): void {
    this.dismiss();
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private edited({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const editor = vscode.window.activeTextEditor;
    if (contentChanges.length === 0 || editor?.document !== document) {
      return;
    }
    this.dismiss();
    if (isOffered(this.client()) && this.isWanted(document)) {
      this.timer = setTimeout(() => void this.ask(editor), REST_MS);
    }
  }

  private async ask(editor: vscode.TextEditor): Promise<void> {
    const client = this.client();
    if (!client || !isOffered(client)) {
      return;
    }
    this.dismiss();
    const { document } = editor;
    const { version } = document;
    const asking = new vscode.CancellationTokenSource();
    this.asking = asking;
    const place = {
      textDocument: { uri: client.code2ProtocolConverter.asUri(document.uri), version },
      position: client.code2ProtocolConverter.asPosition(editor.selection.active),
    };
    try {
      const answer = await client.sendRequest<{ edits?: Edit[] } | null>(REQUEST, place, asking.token);
      const [edit] = answer?.edits ?? [];
      const isStale = asking.token.isCancellationRequested || document.version !== version;
      if (edit && !isStale && edit.textDocument.uri === place.textDocument.uri) {
        this.show(proposed(editor, edit, client.protocol2CodeConverter.asRange(edit.range)), client);
      }
    } catch (error) {
      client.debug(`no next edit: ${String(error)}`);
    }
  }

  private show(proposal: Proposal, client: LanguageClient): void {
    this.proposal = proposal;
    this.draw(proposal);
    void vscode.commands.executeCommand('setContext', CONTEXT, true);
    void client.sendNotification(SHOWN, { item: proposal.edit });
  }

  private moved(editor: vscode.TextEditor): void {
    if (this.proposal && this.isCurrent(editor)) {
      this.draw(this.proposal);
    }
  }

  /** At the place of the change what would go and what would come; at the cursor, when that is elsewhere, the way there. */
  private draw({ editor, gone, added }: Proposal): void {
    editor.setDecorations(this.old, gone.isEmpty ? [] : [gone]);
    const way = isAt(editor, gone) ? 'Alt+N accepts' : `Alt+N: next edit in line ${gone.start.line + 1}`;
    const { range } = editor.document.lineAt(editor.selection.active.line);
    editor.setDecorations(this.added, [comes(gone, hint(added)), tells(range, way)]);
  }

  private async accept({ editor, version, range, edit }: Proposal): Promise<void> {
    if (editor.document.version !== version) {
      return;
    }
    const isDone = await editor.edit((builder) => builder.replace(range, edit.text));
    if (isDone && edit.command) {
      await vscode.commands.executeCommand(edit.command.command, ...(edit.command.arguments ?? []));
    }
  }

  private isCurrent(editor: vscode.TextEditor): boolean {
    return this.proposal?.editor === editor && this.proposal.version === editor.document.version;
  }
}

function isOffered(client: LanguageClient | undefined): boolean {
  return client?.initializeResult?.capabilities.executeCommandProvider?.commands.includes('codeassist.nextEdit') ?? false;
}

function isAt(editor: vscode.TextEditor, range: vscode.Range): boolean {
  const { line } = editor.selection.active;
  return range.start.line <= line && line <= range.end.line;
}

function proposed(editor: vscode.TextEditor, edit: Edit, range: vscode.Range): Proposal {
  const { document } = editor;
  const change = replaced(document.getText(range), edit.text);
  const place = (offset: number) => document.positionAt(document.offsetAt(range.start) + offset);
  const gone = new vscode.Range(place(change.start), place(change.end));
  return { editor, version: document.version, range, gone, added: change.text, edit };
}

function comes(gone: vscode.Range, contentText: string): vscode.DecorationOptions {
  const backgroundColor = new vscode.ThemeColor('diffEditor.insertedTextBackground');
  const color = new vscode.ThemeColor('editorGhostText.foreground');
  return { range: new vscode.Range(gone.end, gone.end), renderOptions: { after: { contentText, color, backgroundColor } } };
}

/** Far from the code, and small, so that nobody takes it for code. */
function tells(line: vscode.Range, contentText: string): vscode.DecorationOptions {
  const color = new vscode.ThemeColor('editorCodeLens.foreground');
  const after = { contentText, color, margin: '0 0 0 4em', textDecoration: 'none; font-size: 0.85em' };
  return { range: new vscode.Range(line.end, line.end), renderOptions: { after } };
}
