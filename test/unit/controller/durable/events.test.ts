import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SHARES } from '../../../../src/api/shares.ts';
import { createEventRecorder, type EventInput } from '../../../../src/controller/durable/events.ts';
import type { KubernetesApi } from '../../../../src/controller/ports.ts';
import { shortName } from '../../../../src/core/short-name.ts';
import { createFakeClock, createRecordingLog } from '../../../kit/fakes/fake-clock.ts';
import { DNS_SUBDOMAIN, objectName } from '../../../kit/fixtures/names.ts';

interface Written {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly note: string;
  readonly type: string;
}

/** @param refuses what the API server answers about an Event of this namespace, instead of storing it */
function createRecorder(refuses: (namespace: string) => object | undefined = () => undefined) {
  const clock = createFakeClock();
  const written: Written[] = [];
  const api = {
    async create(_: unknown, object: unknown) {
      const refused = refuses((object as Written).metadata.namespace);
      if (refused !== undefined) {
        return { ok: false, reason: '', message: '', ...refused };
      }
      written.push(object as Written);
      return { ok: true, object };
    },
  } as unknown as KubernetesApi;
  const log = createRecordingLog();
  const events = createEventRecorder({
    api,
    clock,
    log,
    random: () => 0.5,
    operatorNamespace: 'op',
    identity: 'pod',
  });
  return { clock, written, record: events.record };
}

const event = (
  message: string,
  overrides: Partial<EventInput> & { namespace?: string; name?: string } = {},
) => {
  const { namespace = 'shop', name = 'storefront', ...others } = overrides;
  const regarding = { kind: 'OAuthClient', namespace, name, uid: 'uid-1', namespaceTerminating: false };
  return {
    reason: 'DriftDetected',
    action: 'Read',
    message,
    regarding,
    ...others,
  } as EventInput;
};

const TEN_MINUTES = 600_000;

describe('Events', () => {
  test('have the type of their reason in the table of Events', () => {
    const { written, record } = createRecorder();
    record(event('a'));
    record(event('b', { reason: 'Deregistered' }));
    expect(written.map(({ type }) => type)).toEqual(['Warning', 'Normal']);
  });

  test('that say the same are written once in ten minutes', async () => {
    const { clock, written, record } = createRecorder();
    record(event('a'));
    record(event('a'));
    record(event('b'));
    await clock.advance(TEN_MINUTES - 1);
    record(event('a'));
    expect(written.map(({ note }) => note)).toEqual(['a', 'b']);
    await clock.advance(1);
    record(event('a'));
    expect(written.map(({ note }) => note)).toEqual(['a', 'b', 'a']);
  });

  test("are in the namespace of their object; of the cluster in default; of one that ends in the operator's", () => {
    const { written, record } = createRecorder();
    record(event('a'));
    record(event('b', { namespace: '' }));
    const { regarding } = event('c');
    record(event('c', { regarding: { ...regarding, namespaceTerminating: true } }));
    expect(written.map(({ metadata: { namespace } }) => namespace)).toEqual(['shop', 'default', 'op']);
  });

  test.each([
    ['is gone', { status: 404, message: 'namespaces "shop" not found' }, ['op']],
    [
      'is being deleted',
      {
        status: 403,
        message: 'unable to create new content in namespace shop because it is being terminated',
      },
      ['op'],
    ],
    ['takes no Events', { status: 403, message: 'exceeded quota' }, []],
  ])("about an object of a namespace that %s by now: in the operator's", async (_, refused, namespaces) => {
    const { clock, written, record } = createRecorder((namespace) =>
      namespace === 'shop' ? refused : undefined,
    );
    record(event('a'));
    await clock.advance(1);
    expect(written.map(({ metadata: { namespace } }) => namespace)).toEqual(namespaces);
  });

  test("are lost where the operator's namespace takes them no more, and are not tried for ever", async () => {
    let tries = 0;
    const { clock, record } = createRecorder(() => {
      tries += 1;
      return { status: 404 };
    });
    record(event('a'));
    record(event('b', { namespace: '' }));
    await clock.advance(1);
    expect(tries).toBe(3);
  });

  test('H4: of one namespace are bounded, and take nothing of another', async () => {
    const { clock, written, record } = createRecorder();
    const most = SHARES.events.most;
    for (let index = 0; index < 3 * most; index += 1) {
      record(event(`${index}`));
    }
    expect(written).toHaveLength(most);
    record(event('calm', { namespace: 'calm' }));
    record(event('calm', { namespace: 'calm' }));
    expect(written).toHaveLength(most + 1);
    await clock.advance(TEN_MINUTES);
    record(event('later'));
    expect(written.at(-1)?.note).toBe('later');
  });

  test('H4: of deregistrations have room that nothing else takes', () => {
    const { written, record } = createRecorder();
    for (let index = 0; index < 2 * SHARES.events.most; index += 1) {
      record(event(`${index}`));
    }
    record(event('gone', { action: 'Deregister', reason: 'Deregistered' }));
    expect(written.at(-1)?.note).toBe('gone');
  });

  test('about an object that is gone, whose long name is cut, have a name that Kubernetes takes', () => {
    const { written, record } = createRecorder();
    record(event('a', { name: `${'n'.repeat(50)}…0aB_-x1y2z` }));
    expect(written[0]?.metadata.name).toMatch(/^n{50}[a-z0-9.-]*\.[0-9a-f]+$/);
  });

  test('about a name that was cut after a dot, whose hash begins with a dash, have a valid name', () => {
    const { written, record } = createRecorder();
    record(event('a', { name: 'a.…-Ab1' }));
    expect(written[0]?.metadata.name).toMatch(/^a\.b1\.[0-9a-f]+$/);
  });

  test('about any object have a name that Kubernetes takes', () => {
    fc.assert(
      fc.property(objectName, fc.nat(), (name, time) => {
        const { written, record, clock } = createRecorder();
        clock.advance(time);
        record(event('a', { name }));
        record(event('b', { name: shortName(name) }));
        for (const { metadata } of written) {
          expect(metadata.name.length).toBeLessThanOrEqual(253);
          expect(metadata.name).toMatch(DNS_SUBDOMAIN);
        }
        expect(written).toHaveLength(2);
      }),
    );
  });
});

test('H4: words of any alphabet are cut to what the API server takes', () => {
  const { written, record } = createRecorder();
  record(event('€'.repeat(1_000)));
  expect(Buffer.byteLength(written[0]?.note ?? '')).toBeLessThanOrEqual(1_024);
  expect(written[0]?.note).toMatch(/^€+…$/);
});
