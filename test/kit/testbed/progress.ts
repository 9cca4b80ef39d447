import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters, styleText } from 'node:util';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const PLAIN_LINE_MS = 15_000;

/** Tells a person what is going on. Steps may nest and overlap; the live line shows the one begun last. */
export interface Progress {
  /** Runs `work`, shows its title and time, and returns its result or rethrows its error. */
  step<T>(title: string, work: (update: (detail: string) => void) => Promise<T>): Promise<T>;
  /** One line that stays. */
  note(text: string): void;
}

export interface ProgressOptions {
  /** Default: stderr. A TTY gets one live line; anything else plain lines, at most one in 15 s for each step. */
  readonly stream?: WriteStream | NodeJS.WritableStream;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

interface Step {
  readonly title: string;
  readonly startedAt: number;
  detail: string;
}

type Show = Pick<Progress, 'note'> & {
  begin(step: Step): void;
  end(step: Step, outcome: 'done' | 'failed'): void;
};

/** Contract: writes only to `stream`, keeps no timer alive once the last step has ended. */
export function createProgress(options: ProgressOptions = {}): Progress {
  const stream = options.stream ?? process.stderr;
  const now = options.now ?? (() => performance.now());
  const show = isTerminal(stream) ? liveLine(stream, now) : plainLines(stream, now);
  return {
    note: show.note,
    step: async (title, work) => {
      const step: Step = { title, startedAt: now(), detail: '' };
      show.begin(step);
      try {
        const result = await work((detail) => {
          step.detail = detail;
        });
        show.end(step, 'done');
        return result;
      } catch (error) {
        show.end(step, 'failed');
        throw error;
      }
    },
  };
}

/** Shows nothing. */
export const SILENT: Progress = { step: (_title, work) => work(() => {}), note: () => {} };

/** `0.4 s`, `26.0 s`, `4 min 20 s`. */
export function formatDuration(ms: number): string {
  if (ms < 60_000) {
    return `${(ms / 1000).toFixed(1)} s`;
  }
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function liveLine(stream: WriteStream, now: () => number): Show {
  const active: Step[] = [];
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    const step = active.at(-1);
    if (step === undefined) {
      return;
    }
    const frame = FRAMES[Math.floor(now() / FRAME_MS) % FRAMES.length];
    const line = `${frame} ${describe(step, now())}`;
    stream.write(`\r\x1b[2K${line.slice(0, (stream.columns || 80) - 1)}`);
  };
  const keep = (line: string) => {
    stream.write(`\r\x1b[2K${line}\n`);
    draw();
  };
  return {
    note: keep,
    begin: (step) => {
      active.push(step);
      timer ??= setInterval(draw, FRAME_MS).unref();
      draw();
    },
    end: (step, outcome) => {
      active.splice(active.indexOf(step), 1);
      if (active.length === 0) {
        clearInterval(timer);
        timer = undefined;
      }
      keep(finished(step, outcome, now(), stream));
    },
  };
}

function plainLines(stream: NodeJS.WritableStream, now: () => number): Show {
  const timers = new Map<Step, NodeJS.Timeout>();
  const note = (text: string) => void stream.write(`${stripVTControlCharacters(text)}\n`);
  return {
    note,
    begin: (step) => {
      note(`… ${step.title}`);
      const tell = () => note(`… ${describe(step, now())}`);
      timers.set(step, setInterval(tell, PLAIN_LINE_MS).unref());
    },
    end: (step, outcome) => {
      clearInterval(timers.get(step));
      timers.delete(step);
      note(finished(step, outcome, now(), stream));
    },
  };
}

function finished(
  step: Step,
  outcome: 'done' | 'failed',
  now: number,
  stream: NodeJS.WritableStream,
): string {
  const mark = outcome === 'done' ? styleText('green', '✓', { stream }) : styleText('red', '✗', { stream });
  return `${mark} ${step.title} (${formatDuration(now - step.startedAt)})`;
}

/** `Building etcd (12 s): 220 packages compiled`: what matters most comes first, since the line may be cut. */
function describe(step: Step, now: number): string {
  const head = `${step.title} (${Math.floor((now - step.startedAt) / 1000)} s)`;
  return step.detail === '' ? head : `${head}: ${step.detail}`;
}

function isTerminal(stream: WriteStream | NodeJS.WritableStream): stream is WriteStream {
  return 'isTTY' in stream && stream.isTTY === true;
}
