// Pages to read, beside the code. They run no scripts; their links open places in files.

import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';

import { escaped, type Link } from './readable';

/** Not for the palette: what the links of pages run. */
const OPEN = 'codeassist.openPlace';

const STYLE = `
  body { padding: 0.5em 1.5em 2em; max-width: 60em; line-height: 1.5; }
  h1 { font-size: 1.5em; font-weight: 600; } h2 { font-size: 1.15em; font-weight: 600; margin-top: 1.6em; }
  pre { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); padding: 0.7em 1em;
        background: var(--vscode-textCodeBlock-background); border-radius: 4px; white-space: pre-wrap; }
  table { border-collapse: collapse; } td, th { padding: 0.15em 1em 0.15em 0; text-align: left; vertical-align: top; }
  th { font-weight: normal; color: var(--vscode-descriptionForeground); }
  td:first-child { white-space: nowrap; color: var(--vscode-descriptionForeground); }
  ul { padding-left: 1.2em; }`;

export class Pages implements vscode.Disposable {
  private readonly panels = new Map<string, vscode.WebviewPanel>();
  private readonly registration = vscode.commands.registerCommand(OPEN, open);

  /** Show a page, in the place of the last one with this title. The focus stays where it is. */
  show(title: string, html: string): void {
    const panel = this.panels.get(title) ?? this.make(title);
    const policy = `default-src 'none'; style-src 'unsafe-inline'`;
    panel.webview.html = `<!DOCTYPE html><html><head><meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="${policy}"><title>${escaped(title)}</title>
      <style>${STYLE}</style></head><body>${html}</body></html>`;
    panel.reveal(undefined, true);
  }

  dispose(): void {
    this.registration.dispose();
    this.panels.forEach((panel) => panel.dispose());
  }

  private make(title: string): vscode.WebviewPanel {
    const where = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const options = { enableCommandUris: [OPEN], localResourceRoots: [] };
    const panel = vscode.window.createWebviewPanel(`codeassist.${title}`, `codeassist: ${title}`, where, options);
    panel.onDidDispose(() => this.panels.delete(title));
    this.panels.set(title, panel);
    return panel;
  }
}

/** Links to places. A path that the server tells lies in the folder that holds the document, else in the first one. */
export function linker(document: string | undefined, workspace: string | undefined): Link {
  const holder = document ? vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(document)) : undefined;
  const root = holder?.uri.fsPath ?? vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? workspace ?? '/';
  return (path, line) => {
    const uri = path.includes('://') ? vscode.Uri.parse(path) : vscode.Uri.file(isAbsolute(path) ? path : join(root, path));
    return `command:${OPEN}?${encodeURIComponent(JSON.stringify([uri.toString(), line]))}`;
  };
}

/** line: from 1. In the group of the code, not over the page. */
async function open(uri: string, line: number): Promise<void> {
  const start = new vscode.Position(Math.max(0, line - 1), 0);
  const options = { selection: new vscode.Range(start, start), viewColumn: vscode.ViewColumn.One };
  await vscode.window.showTextDocument(vscode.Uri.parse(uri), options);
}
