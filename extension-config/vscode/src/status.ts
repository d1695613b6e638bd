// What the server and this extension are doing, and the face that the status bar shows of it. Pure.

export interface IndexStatus {
  state: 'none' | 'indexing' | 'ready' | 'failed';
  message: string;
  files: number;
  chunks: number;
  symbols: number;
  vectors: boolean;
}

export type EngineState = 'stopped' | 'starting' | 'ready' | 'restarting' | 'failed';

/** STATUS of docs/language-server.md; what an older server does not tell is absent. */
export interface ServerStatus {
  engine: { state: EngineState; message: string; pid?: number | null; restarts?: number; stand_in?: string };
  model: string;
  workspace: string;
  index: IndexStatus;
  folders?: { name: string; path: string; index: IndexStatus }[];
  enabled?: boolean;
  languages_off?: string[];
  snoozed_until?: number | null;
  chat?: string;
}

export type Phase = 'missing' | 'installing' | 'starting' | 'running' | 'restarting' | 'failed' | 'stopped';

/**
 * All that the status item and its menu show.
 * problem: why the phase is what it is, in a sentence; work: what the server is at, with per cent, or "".
 * enabled: what the settings say for the language that is shown; now: seconds since 1970.
 */
export interface View {
  phase: Phase;
  problem: string;
  status: ServerStatus | undefined;
  work: string;
  enabled: { everywhere: boolean; language: boolean };
  language: { id: string; name: string } | undefined;
  now: number;
}

export type Kind = 'ready' | 'busy' | 'off' | 'snoozed' | 'warning' | 'error';

export interface Face {
  kind: Kind;
  text: string;
  /** One sentence for people who look, and for screen readers. */
  says: string;
}

const ICONS: Record<Kind, string> = {
  ready: '$(sparkle)',
  busy: '$(loading~spin)',
  off: '$(circle-slash)',
  snoozed: '$(bell-slash)',
  warning: '$(warning)',
  error: '$(error)',
};

const ENGINES: Record<EngineState, { kind: Kind; says: string }> = {
  stopped: { kind: 'busy', says: 'the model is not loaded yet' },
  starting: { kind: 'busy', says: 'loading the model' },
  restarting: { kind: 'busy', says: 'the model is being started again' },
  failed: { kind: 'error', says: 'no suggestions: the model did not start' },
  ready: { kind: 'ready', says: 'ready' },
};

const PHASES: Record<Exclude<Phase, 'running'>, { kind: Kind; says: string }> = {
  missing: { kind: 'warning', says: 'the language server is not installed' },
  installing: { kind: 'busy', says: 'the language server is being installed' },
  starting: { kind: 'busy', says: 'the language server is starting' },
  restarting: { kind: 'busy', says: 'the language server has ended and is started again' },
  failed: { kind: 'error', says: 'the language server does not run' },
  stopped: { kind: 'off', says: 'the language server is stopped' },
};

/** What the status bar shows: trouble first, then what the user has chosen, then what is still being done. */
export function face(view: View): Face {
  const { phase, status } = view;
  if (phase !== 'running') {
    return spelled(PHASES[phase].kind, joined(PHASES[phase].says, view.problem));
  }
  const engine = ENGINES[status?.engine.state ?? 'stopped'];
  if (engine.kind === 'error') {
    return spelled('error', joined(engine.says, status?.engine.message));
  }
  return chosen(view) ?? working(view, engine) ?? spelled('ready', 'ready');
}

/** Seconds that suggestions still sleep, or 0. */
export function snoozedFor(view: View): number {
  const until = view.status?.snoozed_until ?? 0;
  return until > view.now ? until - view.now : 0;
}

/** Rounded up, but for what clocks differ by: fifteen minutes begin as 15. */
export function inMinutes(seconds: number): number {
  return Math.max(1, Math.ceil((seconds - 5) / 60));
}

/** Whether suggestions are on, by settings and by what was said to the server in this session. */
export function isOn(view: View): { everywhere: boolean; language: boolean } {
  const everywhere = view.enabled.everywhere && view.status?.enabled !== false;
  const isOff = view.language !== undefined && (view.status?.languages_off ?? []).includes(view.language.id);
  return { everywhere, language: everywhere && view.enabled.language && !isOff };
}

function chosen(view: View): Face | undefined {
  const on = isOn(view);
  if (!on.everywhere) {
    return spelled('off', 'suggestions are off');
  }
  if (!on.language) {
    return spelled('off', `suggestions are off for ${view.language?.name ?? 'this language'}`);
  }
  const seconds = snoozedFor(view);
  if (seconds > 0) {
    const minutes = inMinutes(seconds);
    return { ...spelled('snoozed', `suggestions sleep for another ${minutes} min`), text: `${ICONS.snoozed} ${minutes} min` };
  }
  return undefined;
}

function working(view: View, engine: { kind: Kind; says: string }): Face | undefined {
  const { status, work } = view;
  if (engine.kind === 'busy') {
    return spelled('busy', work || joined(engine.says, status?.engine.message));
  }
  if (status?.engine.stand_in) {
    return spelled('warning', status.engine.message);
  }
  if (status?.index.state === 'failed') {
    return spelled('warning', joined('suggestions know this file alone: the index failed', status.index.message));
  }
  if (status?.index.state === 'indexing' || work) {
    return spelled('busy', work || 'indexing');
  }
  return undefined;
}

function spelled(kind: Kind, says: string): Face {
  return { kind, text: `${ICONS[kind]} codeassist`, says };
}

function joined(says: string, more: string | undefined): string {
  return more ? `${says}: ${more}` : says;
}
