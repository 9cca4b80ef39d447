import {
  closeSync,
  existsSync,
  fchmodSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Journal, JournalEntry, Log } from '../../controller/ports.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import { JournalBudget } from './journal-budget.ts';

const COMPACT_AT_BYTES = 4 * 1024 * 1024;

const journalLine = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('append'),
    id: z.string(),
    namespace: z.string().default(''),
    payload: z.string(),
  }),
  z.object({ op: z.literal('settle'), id: z.string() }),
]);

/**
 * The journal as file `journal.jsonl` (mode 0600) in `folder`, which should be memory-backed: nothing is synced.
 *
 * One JSON object per line, `{op: 'append', id, namespace, payload}` or `{op: 'settle', id}`, written before the call
 * returns. The file is emptied when nothing is unsettled, and rewritten when it has more than 4 MiB and most lines
 * are settled. Torn or invalid lines are skipped and counted in the log.
 *
 * A volume that fails is logged once per error code, without content, and never thrown: what could not be written
 * stays in memory, and each settling tries to write it again. When a namespace has used its share
 * (`journal-budget.ts`), the minimal form of its answers is written, and if there is no room for that either, the
 * answer stays in memory.
 */
export function openJournal(folder: string, log: Log): Journal {
  const path = join(folder, 'journal.jsonl');
  const attempt = reporter(log);
  let text = '';
  attempt('read', () => {
    if (existsSync(path)) {
      text = readFileSync(path, 'utf8');
    }
  });
  const earlier = unsettledIn(text, log);
  const live = new LiveEntries(earlier.values());
  const file = journalFile(path, Buffer.byteLength(text), attempt);
  const tidy = () => (live.isEmpty ? file.empty() : file.rewrite(live.lines().join('')));

  if (text !== '') {
    tidy();
  }
  return {
    append: (entry) => {
      const { line, isWhole } = live.add(entry);
      if (!isWhole) {
        const { id, namespace } = entry;
        const kept = line === undefined ? 'in memory only' : 'what manages the client';
        log.error('the namespace has used its share of the journal', { attempt: id, namespace, kept });
      }
      if (line !== undefined) {
        file.append(line);
      }
    },
    settle: (id) => {
      if (!live.delete(id)) {
        return;
      }
      earlier.delete(id);
      if (!live.isEmpty) {
        file.append(`${JSON.stringify({ op: 'settle', id })}\n`);
      }
      if (live.isEmpty || file.wantsRewrite()) {
        tidy();
      }
    },
    unsettled: () => [...earlier.values()],
  };
}

/** Unsettled entries: the line of each, or none if there was no room for it. */
class LiveEntries {
  readonly #budget = new JournalBudget();
  readonly #lines = new Map<string, { readonly namespace: string; readonly line: string | undefined }>();

  constructor(earlier: Iterable<JournalEntry>) {
    for (const entry of earlier) {
      const line = toLine(entry, entry.payload);
      this.#budget.add(entry.namespace, Buffer.byteLength(line));
      this.#lines.set(entry.id, { namespace: entry.namespace, line });
    }
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  lines(): readonly string[] {
    return [...this.#lines.values()].flatMap(({ line }) => line ?? []);
  }

  /** @returns the line to write: the whole entry, else its minimal form; `undefined` if there is room for neither */
  add(entry: JournalEntry): { readonly line: string | undefined; readonly isWhole: boolean } {
    this.delete(entry.id);
    const whole = this.#taken(entry, entry.payload);
    const line = whole ?? (entry.minimal && this.#taken(entry, entry.minimal()));
    this.#lines.set(entry.id, { namespace: entry.namespace, line });
    return { line, isWhole: whole !== undefined };
  }

  delete(id: string): boolean {
    const { namespace = '', line = '' } = this.#lines.get(id) ?? {};
    this.#budget.free(namespace, Buffer.byteLength(line));
    return this.#lines.delete(id);
  }

  #taken(entry: JournalEntry, payload: Sensitive): string | undefined {
    const line = toLine(entry, payload);
    return this.#budget.take(entry.namespace, Buffer.byteLength(line)) ? line : undefined;
  }
}

/** Runs a file operation. Catches its error, so that it never stops the caller. Returns whether it succeeded. */
type Attempt = (operation: string, act: () => void) => boolean;

function reporter(log: Log): Attempt {
  const reported = new Set<string>();
  return (operation, act) => {
    try {
      act();
      return true;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      if (reported.has(code)) {
        return false;
      }
      reported.add(code);
      log.error('the journal cannot be written; unrecorded answers are in memory only', { operation, code });
      return false;
    }
  };
}

interface JournalFile {
  append(line: string): void;
  empty(): void;
  rewrite(lines: string): void;
  readonly wantsRewrite: () => boolean;
}

function journalFile(path: string, size: number, attempt: Attempt): JournalFile {
  let descriptor: number | undefined;
  let bytes = size;
  let rewriteAt = COMPACT_AT_BYTES;
  /** A write failed: lines are missing in the file, and its last one may be torn. */
  let damaged = false;

  const opened = (): number => {
    if (descriptor !== undefined) {
      return descriptor;
    }
    descriptor = openSync(path, 'a', 0o600);
    fchmodSync(descriptor, 0o600);
    return descriptor;
  };
  const reset = (content: string): void => {
    damaged = false;
    bytes = Buffer.byteLength(content);
    rewriteAt = Math.max(COMPACT_AT_BYTES, 2 * bytes);
  };

  return {
    append: (line) => {
      const record = damaged ? `\n${line}` : line;
      if (!attempt('append', () => writeFileSync(opened(), record))) {
        damaged = true;
      }
      bytes += Buffer.byteLength(record);
    },
    empty: () => {
      if (attempt('empty', () => ftruncateSync(opened(), 0))) {
        reset('');
      }
    },
    rewrite: (lines) => {
      const replaced = attempt('rewrite', () => {
        writeFileSync(`${path}.new`, lines, { mode: 0o600 });
        renameSync(`${path}.new`, path);
        if (descriptor !== undefined) {
          closeSync(descriptor);
        }
        descriptor = undefined;
      });
      if (replaced) {
        return reset(lines);
      }
      damaged = true;
      attempt('rewrite', () => rmSync(`${path}.new`, { force: true }));
    },
    wantsRewrite: () => damaged || bytes > rewriteAt,
  };
}

function toLine({ id, namespace }: JournalEntry, payload: Sensitive): string {
  return `${JSON.stringify({ op: 'append', id, namespace, payload: payload.reveal() })}\n`;
}

function unsettledIn(text: string, log: Log): Map<string, JournalEntry> {
  const entries = new Map<string, JournalEntry>();
  const lines = text.split('\n').filter((line) => line !== '');
  const records = lines.map(readLine).filter((record) => record !== undefined);
  for (const record of records) {
    if (record.op === 'settle') {
      entries.delete(record.id);
    } else {
      const { id, namespace, payload } = record;
      entries.set(id, { id, namespace, payload: new Sensitive(payload) });
    }
  }
  const unreadable = lines.length - records.length;
  if (unreadable > 0) {
    log.warn('the journal has unreadable lines', { unreadable });
  }
  return entries;
}

function readLine(line: string): z.infer<typeof journalLine> | undefined {
  try {
    return journalLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
