import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal } from '../../../../src/adapters/process/journal.ts';
import { SHARES } from '../../../../src/api/shares.ts';
import type { Journal, Log } from '../../../../src/controller/ports.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(folder, 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: object | undefined;
}
const recordingLog = (): Log & { readonly lines: Line[] } => {
  const lines: Line[] = [];
  const at = (level: string) => (message: string, fields?: object) => {
    lines.push({ level, message, fields });
  };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
const entry = (id: string, payload = `canary-${id}`, namespace = 'shop') => ({
  id,
  namespace,
  payload: new Sensitive(payload),
});
const revealed = (journal: Journal) => journal.unsettled().map(({ id, payload }) => [id, payload.reveal()]);
const size = () => statSync(path).size;

describe('an earlier process', () => {
  it('leaves its unsettled entries, oldest first', () => {
    const first = openJournal(folder, recordingLog());
    for (const id of ['c', 'a', 'b']) {
      first.append(entry(id));
    }
    first.settle('a');
    expect(first.unsettled()).toEqual([]);
    expect(revealed(openJournal(folder, recordingLog()))).toEqual([
      ['c', 'canary-c'],
      ['b', 'canary-b'],
    ]);
  });

  it('leaves nothing where all was settled', () => {
    const first = openJournal(folder, recordingLog());
    first.append(entry('a'));
    first.settle('a');
    expect(size()).toBe(0);
    expect(openJournal(folder, recordingLog()).unsettled()).toEqual([]);
  });

  it('leaves entries that its successor settles for good', () => {
    openJournal(folder, recordingLog()).append(entry('a'));
    const second = openJournal(folder, recordingLog());
    second.settle('a');
    expect(second.unsettled()).toEqual([]);
    expect(openJournal(folder, recordingLog()).unsettled()).toEqual([]);
  });

  it('leaves entries that outlive several restarts', () => {
    openJournal(folder, recordingLog()).append(entry('a'));
    openJournal(folder, recordingLog()).append(entry('b'));
    expect(revealed(openJournal(folder, recordingLog())).map(([id]) => id)).toEqual(['a', 'b']);
  });

  it('may have died in the middle of a line, which is skipped and counted', () => {
    openJournal(folder, recordingLog()).append(entry('a'));
    appendFileSync(path, '{"op":"append","id":"b","payl');
    const log = recordingLog();
    const journal = openJournal(folder, log);
    journal.append(entry('c'));
    expect(revealed(journal).map(([id]) => id)).toEqual(['a']);
    expect(log.lines).toEqual([
      { level: 'warn', message: 'the journal has unreadable lines', fields: { unreadable: 1 } },
    ]);
    expect(revealed(openJournal(folder, recordingLog())).map(([id]) => id)).toEqual(['a', 'c']);
  });

  it.each([
    '\u0000\u0001\u0002',
    'null',
    '[]',
    '{"op":"append","id":1}',
    '{"op":"steal","id":"a"}',
    '{"id":"a"}',
  ])('may have left garbage such as %j between good lines', (garbage) => {
    openJournal(folder, recordingLog()).append(entry('a'));
    appendFileSync(path, `${garbage}\n{"op":"append","id":"b","payload":"x"}\n`);
    const journal = openJournal(folder, recordingLog());
    expect(revealed(journal).map(([id]) => id)).toEqual(['a', 'b']);
  });
});

describe('the file', () => {
  it('is readable by its owner only, even where it was not before', () => {
    writeFileSync(path, '', { mode: 0o644 });
    openJournal(folder, recordingLog()).append(entry('a'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('stays so when it is rewritten', () => {
    openJournal(folder, recordingLog()).append(entry('a'));
    openJournal(folder, recordingLog());
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('holds the entry in full when append returns', () => {
    openJournal(folder, recordingLog()).append(entry('a', '{"x":"\n"}'));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      op: 'append',
      id: 'a',
      namespace: 'shop',
      payload: '{"x":"\n"}',
    });
  });

  it('stays small under a steady load that never settles everything', () => {
    const journal = openJournal(folder, recordingLog());
    journal.append(entry('old'));
    for (let index = 0; index < 300; index += 1) {
      journal.append(entry(`${index}`, 'x'.repeat(100_000)));
      journal.settle(`${index}`);
    }
    expect(size()).toBeLessThan(5 * 1024 * 1024);
    expect(revealed(openJournal(folder, recordingLog()))).toEqual([['old', 'canary-old']]);
  });
});

describe('a broken volume', () => {
  it('is logged once, without content, and nothing stops', () => {
    const log = recordingLog();
    const journal = openJournal(join(folder, 'absent'), log);
    journal.append(entry('a'));
    journal.append(entry('b'));
    journal.settle('a');
    journal.settle('b');
    expect(log.lines).toEqual([
      {
        level: 'error',
        message: 'the journal cannot be written; unrecorded answers are in memory only',
        fields: { operation: 'append', code: 'ENOENT' },
      },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain('canary');
  });

  it('that keeps a torn line gets the next entry on a line of its own', () => {
    openJournal(folder, recordingLog()).append(entry('a'));
    appendFileSync(path, '{"op":"append","id":"b","payl');
    mkdirSync(`${path}.new`);
    openJournal(folder, recordingLog()).append(entry('c'));
    expect(revealed(openJournal(folder, recordingLog())).map(([id]) => id)).toEqual(['a', 'c']);
  });

  it('gets the entries it missed once it works again', () => {
    const late = join(folder, 'late');
    writeFileSync(late, 'in the way');
    const journal = openJournal(late, recordingLog());
    journal.append(entry('a'));
    journal.append(entry('b'));
    rmSync(late);
    mkdirSync(late);
    journal.settle('b');
    expect(revealed(openJournal(late, recordingLog()))).toEqual([['a', 'canary-a']]);
  });
});

describe('H4: the share of each namespace', () => {
  const share = SHARES.journalOfNamespace.most;
  const half = 'x'.repeat(share / 2 + 1);
  const restarted = () => revealed(openJournal(folder, recordingLog())).map(([id]) => id);

  it('bounds what one of them has in the file; the others are in it as ever', () => {
    const log = recordingLog();
    const journal = openJournal(folder, log);
    for (let index = 0; index < 20; index += 1) {
      journal.append(entry(`evil-${index}`, half, 'evil'));
    }
    journal.append(entry('calm', 'small', 'calm'));
    expect(restarted()).toEqual(['evil-0', 'calm']);
    expect(size()).toBeLessThan(share);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(19);
    expect(log.lines[0]?.fields).toEqual({ attempt: 'evil-1', namespace: 'evil', kept: 'in memory only' });
  });

  it('has what manages the client, where the whole has no room', () => {
    const log = recordingLog();
    const journal = openJournal(folder, log);
    journal.append(entry('a', half, 'evil'));
    journal.append({ ...entry('b', half, 'evil'), minimal: () => new Sensitive('token-of-b') });
    expect(revealed(openJournal(folder, recordingLog()))).toEqual([
      ['a', half],
      ['b', 'token-of-b'],
    ]);
    expect(log.lines[0]?.fields).toMatchObject({ attempt: 'b', kept: 'what manages the client' });
  });

  it('is free again when its answers are recorded', () => {
    const journal = openJournal(folder, recordingLog());
    journal.append(entry('a', half, 'evil'));
    journal.append(entry('keeps', 'small', 'calm'));
    journal.settle('a');
    journal.append(entry('b', half, 'evil'));
    expect(restarted()).toEqual(['keeps', 'b']);
  });

  it('counts also what an earlier process left', () => {
    openJournal(folder, recordingLog()).append(entry('a', half, 'evil'));
    openJournal(folder, recordingLog()).append(entry('b', half, 'evil'));
    expect(restarted()).toEqual(['a']);
  });

  it('many that fill the journal together leave room for those that have little', () => {
    const journal = openJournal(folder, recordingLog());
    for (let index = 0; index < 50; index += 1) {
      journal.append(entry(`evil-${index}`, half, `evil-${index}`));
    }
    journal.append(entry('calm', 'small', 'calm'));
    expect(restarted()).toContain('calm');
    expect(size()).toBeLessThan(SHARES.journal.most);
  });
});
