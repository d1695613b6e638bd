// The commands that speak with the server.

import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

import { statisticsPage, type Figures } from './figures';
import { linker, type Pages } from './pages';
import { explanationPage, whyPage, type Explanation, type Why } from './readable';
import { sentence, type Server } from './server';

/** The server's own commands that need a chat model, which takes seconds. */
const CHAT: Record<string, string> = {
  'codeassist.docstring': 'writing the docstring',
  'codeassist.tests': 'writing tests',
  'codeassist.fix': 'fixing the problem',
  'codeassist.rewrite': 'rewriting',
  'codeassist.explainSuggestion': 'explaining the suggestion',
};

const STATISTICS_DAYS = 30;

/** How many findings in how many changed files. */
interface Reviewed {
  findings: number;
  files: number;
}

type Next = (command: string, args: unknown[]) => unknown;

/** What code actions run: says what is being done, and asks for what only the user knows. */
export async function executeCommand(command: string, args: unknown[], next: Next): Promise<unknown> {
  const title = CHAT[command];
  if (!title) {
    return await next(command, args);
  }
  const complete = command === 'codeassist.rewrite' ? await withInstruction(args) : args;
  if (!complete) {
    return null;
  }
  const location = vscode.ProgressLocation.Window;
  return await vscode.window.withProgress({ location, title: `codeassist: ${title}` }, async () => await next(command, complete));
}

/** Ask the server; what goes wrong is told in one message. Undefined then. */
export async function ask<T>(server: Server, command: string, ...args: unknown[]): Promise<T | undefined> {
  return await askUntil<T>(undefined, server, command, ...args);
}

/** The same, until the user has enough of it. */
async function askUntil<T>(
  end: vscode.CancellationToken | undefined,
  server: Server,
  command: string,
  ...args: unknown[]
): Promise<T | undefined> {
  const client = server.running;
  if (!client) {
    vscode.window.setStatusBarMessage('codeassist: the language server is not running', 5000);
    return undefined;
  }
  if (!client.initializeResult?.capabilities.executeCommandProvider?.commands.includes(command)) {
    void vscode.window.showWarningMessage('codeassist: the language server that runs is too old for this. Update it.');
    return undefined;
  }
  try {
    const asked = { command, arguments: args };
    // A token that is undefined would be taken for a second parameter of the request.
    return await (end
      ? client.sendRequest<T>('workspace/executeCommand', asked, end)
      : client.sendRequest<T>('workspace/executeCommand', asked));
  } catch (error) {
    if (!end?.isCancellationRequested) {
      void vscode.window.showWarningMessage(`codeassist: ${sentence(error)}`);
    }
    return undefined;
  }
}

export async function showWhy(server: Server, pages: Pages): Promise<void> {
  const document = (vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0])?.document;
  const uri = document && server.running?.code2ProtocolConverter.asUri(document.uri);
  const why = await ask<Why | null>(server, 'codeassist.why', ...(uri ? [{ uri }] : []));
  if (why !== undefined) {
    pages.show('Why', whyPage(why, linker(why?.uri ?? uri, server.status?.workspace)));
  }
}

export async function explainHere(server: Server, pages: Pages, editor: vscode.TextEditor): Promise<void> {
  const place = placeIn(server.running, editor);
  const explanation = place && (await ask<Explanation>(server, 'codeassist.explain', place));
  if (explanation) {
    const { line } = editor.selection.active;
    const name = `${vscode.workspace.asRelativePath(editor.document.uri)}:${line + 1}`;
    pages.show('Prompt', explanationPage(explanation, name, linker(place.uri, server.status?.workspace)));
  }
}

export async function showStatistics(server: Server, pages: Pages): Promise<void> {
  const statistics = await ask<Figures | null>(server, 'codeassist.statistics', { days: STATISTICS_DAYS });
  if (statistics !== undefined) {
    pages.show('Statistics', statisticsPage(statistics, STATISTICS_DAYS));
  }
}

/** Look at what is not committed; the server shows what it finds as problems, and says how it went. The list of problems
 * comes to the front where there are any. repository: of the view that it was asked in. */
export async function reviewChanges(server: Server, repository?: vscode.Uri): Promise<void> {
  const inFolder = repository && vscode.workspace.getWorkspaceFolder(repository) ? repository : undefined;
  const place = inFolder ?? vscode.window.activeTextEditor?.document.uri;
  const uri = place?.scheme === 'file' ? server.running?.code2ProtocolConverter.asUri(place) : undefined;
  const location = vscode.ProgressLocation.Notification;
  const told = await vscode.window.withProgress(
    { location, title: 'codeassist: reviewing what is not committed', cancellable: true },
    async (_, end) => await askUntil<Reviewed | null>(end, server, 'codeassist.review', ...(uri ? [{ uri }] : [])),
  );
  if (told?.findings) {
    await vscode.commands.executeCommand('workbench.panel.markers.view.focus');
  }
}

/** Rewrite what is selected, or the cursor's line. */
export async function rewriteSelection(server: Server, editor: vscode.TextEditor): Promise<void> {
  const client = server.running;
  if (!client) {
    vscode.window.setStatusBarMessage('codeassist: the language server is not running', 5000);
    return;
  }
  const { document, selection } = editor;
  const range = selection.isEmpty ? document.lineAt(selection.active.line).range : selection;
  const area = { uri: client.code2ProtocolConverter.asUri(document.uri), range: client.code2ProtocolConverter.asRange(range) };
  await executeCommand('codeassist.rewrite', [area], (command, args) => ask(server, command, ...args));
}

function placeIn(client: LanguageClient | undefined, editor: vscode.TextEditor) {
  const converter = client?.code2ProtocolConverter;
  return converter && { uri: converter.asUri(editor.document.uri), position: converter.asPosition(editor.selection.active) };
}

async function withInstruction(args: unknown[]): Promise<unknown[] | undefined> {
  const [area, ...others] = args as [Record<string, unknown> | undefined, ...unknown[]];
  if (area?.instruction) {
    return args;
  }
  const instruction = await vscode.window.showInputBox({
    title: 'Rewrite selection',
    prompt: 'What shall become of the selected code?',
    placeHolder: 'for example: use a dictionary in place of the if chain',
    ignoreFocusOut: true,
  });
  return instruction?.trim() ? [{ ...area, instruction: instruction.trim() }, ...others] : undefined;
}
