import { describe, expect, test } from 'vitest';
import { EXITS } from '../../../../src/cli/failure.ts';
import { resolutionsIn, withoutEntries } from '../../../../src/core/resolution.ts';
import { SUSPECTS } from '../../../../src/core/suspects.ts';
import { UNREMOVED } from '../../../../src/core/unremoved-client.ts';
import { runPlugin, startPluginCluster } from '../../../kit/fakes/plugin.ts';
import { LISTS, OPERATORS } from '../../../kit/fixtures/lists.ts';

interface Given {
  readonly input?: string;
  readonly forbids?: readonly string[];
  /** Default: the operator does what is asked. */
  readonly isOperatorAway?: boolean;
}

async function resolve(args: readonly string[], { input, forbids = [], isOperatorAway = false }: Given = {}) {
  const plugin = await startPluginCluster({ objects: LISTS, forbids });
  const { cluster } = plugin;
  cluster.onChange.push(({ after }) => {
    const notes = resolutionsIn(after?.data ?? {});
    if (!isOperatorAway && after !== undefined && notes.size > 0) {
      setTimeout(() => {
        cluster.put('ConfigMap', {
          ...after,
          data: withoutEntries(after.data ?? {}, (key) => notes.has(key)),
        });
      }, 5);
    }
  });
  const typed = input === undefined ? {} : { input };
  const run = await runPlugin(['resolve', ...args], { ...plugin, ...typed });
  const keysOf = (name: string) => Object.keys(cluster.find('ConfigMap', `${OPERATORS}/${name}`)?.data ?? {});
  return { ...run, keysOf, requests: plugin.requests };
}

const NOTE = ['--note', 'removed at the console'];

describe('resolve', () => {
  test('writes the note, and waits until the operator has removed the entries', async () => {
    const run = await resolve(['oac-uid-1-b1', 'a1', ...NOTE, '--yes']);
    expect([run.code, run.stdout]).toEqual([0, '']);
    expect(run.stderr).toBe('The note is written. The operator looks at the lists every 15 s.\nResolved.\n');
    expect([run.keysOf(SUSPECTS), run.keysOf(UNREMOVED)]).toEqual([[], ['oac-uid-1-b2', 'unlisted']]);
    expect(run.requests.some((one) => one.includes('secrets'))).toBe(false);
  });

  test('asks first', async () => {
    const yes = await resolve(['a1', ...NOTE, '--no-wait'], { input: 'y\n' });
    expect(yes.code).toBe(0);
    expect(yes.stderr).toBe(
      'The operator forgets this entry: a1. Go on? [y/N] The note is written. The operator removes the entry within 15 s.\n',
    );
    const no = await resolve(['a1', ...NOTE], { input: '\n' });
    expect(no.code).toBe(EXITS.found.code);
    expect(no.stderr).toBe('The operator forgets this entry: a1. Go on? [y/N] Nothing was done.\n');
    expect(no.keysOf(SUSPECTS)).toEqual(['a1']);
  });

  test('does nothing without a terminal and without --yes', async () => {
    const { code, stderr, keysOf } = await resolve(['a1', ...NOTE]);
    expect(code).toBe(EXITS.usage.code);
    expect(stderr).toBe(
      'Nothing was done: there is no terminal to ask "The operator forgets this entry: a1. Go on?"; --yes answers it.\n',
    );
    expect(keysOf(SUSPECTS)).toEqual(['a1']);
  });

  test('says that the operator has not acted in time', async () => {
    const { code, stderr } = await resolve(['a1', ...NOTE, '--yes', '--timeout=1s'], {
      isOperatorAway: true,
    });
    expect(code).toBe(EXITS.found.code);
    expect(stderr).toContain(
      'The operator has not removed all entries yet. It goes on when it runs; you need not repeat the note.\n',
    );
  });

  test.each([
    [['a1', '--yes'], EXITS.usage.code, 'Say what was done: --note TEXT is required.\n'],
    [['a1', '--yes', '--note', ' '], EXITS.usage.code, 'Say what was done: --note TEXT is required.\n'],
    [['a1', ...NOTE, '--timeout=soon'], EXITS.usage.code, '--timeout is a duration such as 90s or 5m.\n'],
    [
      ['a1', 'zz', ...NOTE, '--yes'],
      EXITS.found.code,
      `No list in namespace ${OPERATORS} has the entry zz; nothing was done.\n`,
    ],
  ])('%j is refused in one sentence', async (args, code, stderr) => {
    expect(await resolve(args)).toMatchObject({ code, stdout: '', stderr });
  });

  test('names the right that lacks', async () => {
    const { code, stderr } = await resolve(['a1', ...NOTE, '--yes'], { forbids: ['patch configmaps'] });
    expect(code).toBe(EXITS.forbidden.code);
    expect(stderr).toBe(`Your account may not patch configmaps in namespace ${OPERATORS}.\n`);
  });
});

describe('between two ConfigMaps', () => {
  test('Ctrl-C ends the writes, and the notes that are written are named', async () => {
    const plugin = await startPluginCluster({ objects: LISTS });
    const ending = new AbortController();
    plugin.cluster.onChange.push(() => ending.abort({ exit: 'interrupted', sentence: 'Interrupted.' }));
    const args = ['resolve', 'a1', 'oac-uid-1-b1', ...NOTE, '--yes'];
    const { code, stderr } = await runPlugin(args, { ...plugin, signal: ending.signal });
    expect([code, stderr]).toEqual([
      EXITS.interrupted.code,
      'The command was ended. The note is written to a1; run the command again for oac-uid-1-b1.\n',
    ]);
    expect(plugin.requests.filter((one) => one.startsWith('patch '))).toHaveLength(1);
  });

  test('a write that fails names the notes that are written', async () => {
    const plugin = await startPluginCluster({ objects: LISTS });
    const patch = plugin.cluster.patch.bind(plugin.cluster);
    plugin.cluster.patch = (resource, key, ...rest) =>
      key.name === UNREMOVED
        ? { ok: false, status: 503, reason: 'ServiceUnavailable', message: 'the store has no leader' }
        : patch(resource, key, ...rest);
    const { code, stderr } = await runPlugin(['resolve', 'a1', 'oac-uid-1-b1', ...NOTE, '--yes'], plugin);
    expect([code, stderr]).toEqual([
      EXITS.unreachable.code,
      `The API server can't patch configmaps "${UNREMOVED}" in namespace ${OPERATORS} at present: the store has no leader. The note is written to a1; run the command again for oac-uid-1-b1.\n`,
    ]);
  });

  test('Ctrl-C before the first one writes nothing', async () => {
    const plugin = await startPluginCluster({ objects: LISTS });
    const ending = new AbortController();
    const get = plugin.cluster.get.bind(plugin.cluster);
    plugin.cluster.get = (resource, key) => {
      ending.abort({ exit: 'interrupted', sentence: 'Interrupted.' });
      return get(resource, key);
    };
    const args = ['resolve', 'a1', ...NOTE, '--yes'];
    const { code, stderr } = await runPlugin(args, { ...plugin, signal: ending.signal });
    expect([code, stderr]).toEqual([
      EXITS.interrupted.code,
      'Nothing was done: the command ended before it wrote a note.\n',
    ]);
    expect(plugin.requests.filter((one) => one.startsWith('patch '))).toEqual([]);
  });
});
