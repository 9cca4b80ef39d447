import type { LogLine } from '../../kit/testbed/operator.ts';

/** Warnings and errors that faults between operator and servers cause. Any other warning or error is a finding. */
const EXPECTED = [
  'ledger write failed',
  'registration Secret not written yet',
  'suspected orphans not listed yet',
  'a call failed',
  // The proxy answers writes with 409 and 429.
  'the API server refuses a write',
  'client needs attention',
  'the lease could not be read',
  'the lease could not be written',
  'the lease could not be given up; it ends by itself',
  'the lease is lost',
  'no longer the leader',
  'a list failed and will be retried',
  'a watch failed and will be resumed',
  'a watch is followed by a new list',
  // Answers that arrive whole in a wrong framing are used.
  'the framing of an answer is wrong (RFC 9112 section 6); its JSON was received in whole and is used',
  // A process that can't take the lead ends, and is restarted.
  "the operator can't run",
  'event not written',
  // Its fields say which write or read failed.
  'a round does not come to its end',
  'suspected orphans: the client in use not noted',
  'list of unremoved clients not written yet',
  // Which cluster this is, at a start.
  'namespace kube-system could not be read; the read is retried',
];

export interface LogVerdict {
  /** Count by message. */
  readonly expected: Readonly<Record<string, number>>;
  readonly unexpected: readonly string[];
}

export function judgeLog(lines: readonly LogLine[]): LogVerdict {
  const expected: Record<string, number> = {};
  const unexpected: string[] = [];
  for (const line of lines) {
    const { level, msg } = line;
    if (level === 'info' || level === 'debug') {
      continue;
    }
    if (EXPECTED.includes(msg)) {
      expected[msg] = (expected[msg] ?? 0) + 1;
    } else {
      unexpected.push(JSON.stringify(line).slice(0, 500));
    }
  }
  return { expected, unexpected };
}

/** All text of warnings and Events about each object. */
export function sayings(lines: readonly LogLine[]): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  for (const { client, detail } of lines) {
    if (typeof client === 'string' && typeof detail === 'string') {
      const name = client.split('/')[1] ?? '';
      said.set(name, `${said.get(name) ?? ''}${detail}\n`);
    }
  }
  return said;
}

/** The secrets that occur in the text as separate words. */
export function secretsIn(text: string, secrets: ReadonlySet<string>): readonly string[] {
  const words = new Set(text.split(/[^A-Za-z0-9_.-]+/));
  return [...secrets].filter((secret) => words.has(secret)).map((secret) => `${secret.slice(0, 6)}…`);
}
