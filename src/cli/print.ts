import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { stringify } from 'yaml';
import { groupOf, type KubernetesObject } from '../api/kubernetes.ts';
import { cut, visible } from '../oauth/text.ts';

/** What a person sees at once: ready, refused, waiting, beside the point. */
export type Tone = 'good' | 'bad' | 'waiting' | 'quiet';

/** A text, perhaps with a tone. Control characters in it are made visible. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

/** `undefined`: as people read it. */
export type OutputFormat = 'json' | 'yaml' | 'name' | undefined;

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Writes what a command found. What is for people goes through {@link visible}, cell by cell. */
export interface Printer {
  readonly format: OutputFormat;
  /** One line, its parts one after another. */
  line(...parts: readonly Cell[]): void;
  /** One line to stderr: what the result does not have. */
  note(text: string): void;
  /** Columns as kubectl pads them. The last one is cut to the terminal's width; elsewhere nothing is cut. */
  table(columns: readonly string[], rows: readonly (readonly Cell[])[]): void;
  /** By `-o json`, `-o yaml` or `-o name`; several become a List, as kubectl prints it. */
  object(object: KubernetesObject): void;
  objects(objects: readonly KubernetesObject[]): void;
  /** Any other value by `-o json` or `-o yaml`. */
  value(value: unknown): void;
}

const TONES = { good: 'green', bad: 'red', waiting: 'yellow', quiet: 'dim' } as const;
const GAP = 3;

export function createPrinter(stdout: Output, stderr: Output, format: OutputFormat): Printer {
  const write = (text: string) => void stdout.write(`${text}\n`);
  const styled = (cell: Cell): string =>
    typeof cell === 'string'
      ? visible(cell)
      : styleText(TONES[cell.tone], visible(cell.text), { stream: stdout, validateStream: true });
  const value = (what: unknown) => {
    const text = format === 'yaml' ? stringify(what).trimEnd() : JSON.stringify(what, null, 2);
    write(stdout.isTTY === true ? escaped(text) : text);
  };
  return {
    format,
    line: (...parts) => write(parts.map(styled).join('').trimEnd()),
    note: (text) => void stderr.write(`${visible(text)}\n`),
    table(columns, rows) {
      const width = stdout.isTTY === true ? stdout.columns : undefined;
      for (const line of padded([columns, ...rows], width)) {
        write(line.map(styled).join('').trimEnd());
      }
    },
    object: (object) => (format === 'name' ? write(shortReference(object)) : value(object)),
    objects(objects) {
      if (format === 'name') {
        objects.forEach((object) => {
          write(shortReference(object));
        });
        return;
      }
      value({ apiVersion: 'v1', kind: 'List', items: objects });
    },
    value,
  };
}

/** JSON and YAML leave DEL and the controls of C1 as they are, which a terminal obeys. Both have them in quotation marks. */
const escaped = (text: string): string =>
  text.replace(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** `oauthclient.oauth-registrar.dev/NAME`, as `kubectl get -o name` prints it. */
function shortReference({ apiVersion = '', kind = '', metadata }: KubernetesObject): string {
  const group = groupOf(apiVersion);
  return `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${metadata.name}`;
}

/** @param width of the terminal; `undefined`: nothing is cut */
function padded(rows: readonly (readonly Cell[])[], width: number | undefined): readonly (readonly Cell[])[] {
  const last = (rows[0]?.length ?? 1) - 1;
  const widths = Array.from({ length: last }, (_, at) =>
    Math.max(...rows.map((row) => visible(textOf(row[at] ?? '')).length)),
  );
  const room = width === undefined ? undefined : width - widths.reduce((sum, one) => sum + one + GAP, 0);
  return rows.map((row) =>
    row.map((cell, at) => {
      const text = visible(textOf(cell));
      if (at === last) {
        return room === undefined || room < GAP || text.length <= room
          ? cell
          : withText(cell, cut(text, room - 1));
      }
      return withText(cell, text.padEnd((widths[at] ?? 0) + GAP));
    }),
  );
}

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);
const withText = (cell: Cell, text: string): Cell => (typeof cell === 'string' ? text : { ...cell, text });
