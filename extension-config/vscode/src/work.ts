// What the server says that it is at (work-done progress): in our status item, not in a second spinner beside it.

import type { ProgressToken, WorkDoneProgressBegin, WorkDoneProgressEnd, WorkDoneProgressReport } from 'vscode-languageclient/node';

type Told = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

interface Piece {
  title: string;
  message: string;
  percentage: number | undefined;
}

export class Work {
  private readonly pieces = new Map<ProgressToken, Piece>();

  constructor(private readonly onChanged: () => void) {}

  /** The newest piece of work in a few words: `indexing repo: parsing 12/40, 30 %`; "" when there is none. */
  get text(): string {
    const piece = [...this.pieces.values()].at(-1);
    return piece ? worded(piece) : '';
  }

  told(token: ProgressToken, params: Told): void {
    if (params.kind === 'end') {
      this.pieces.delete(token);
    } else {
      const before = this.pieces.get(token);
      const title = params.kind === 'begin' ? params.title : (before?.title ?? '');
      this.pieces.set(token, { title, message: params.message ?? '', percentage: params.percentage });
    }
    this.onChanged();
  }

  clear(): void {
    this.pieces.clear();
  }
}

function worded({ title, message, percentage }: Piece): string {
  const name = title.replace(/^codeassist: /, '');
  const details = [message, percentage === undefined ? '' : `${percentage} %`].filter(Boolean).join(', ');
  return [name, details].filter(Boolean).join(': ');
}
