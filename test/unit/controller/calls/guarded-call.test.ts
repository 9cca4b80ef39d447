import { describe, expect, test } from 'vitest';
import {
  type CallHandlers,
  type CallTerms,
  type Conclusion,
  type EntryEnd,
  type GuardedCall,
  guarded,
} from '../../../../src/controller/calls/guarded-call.ts';
import type { HttpRequest } from '../../../../src/controller/ports.ts';
import { Slots } from '../../../../src/controller/state/slots.ts';
import type { AuditLine } from '../../../../src/core/audit-line.ts';
import type { Failure } from '../../../../src/core/failure.ts';
import type { RecentCall } from '../../../../src/core/observation.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';
import { answered, contextOf, UNCOUNTED } from '../../../kit/fakes/fake-ports.ts';

const CALL: GuardedCall = {
  attempt: 'a1',
  kind: 'Register',
  client: { namespace: 'shop', name: 'web', uid: 'u1' },
  registrationSecret: 'oac-u1-a1',
  server: storedServerKey('ClusterAuthorizationServer/sso'),
};
const TERMS: CallTerms = { version: 'v1', timeoutMs: 1_000, maxInFlight: 1, transport: undefined };
const REQUEST: HttpRequest = {
  method: 'POST',
  url: 'https://sso.example.com/register',
  headers: { authorization: new Sensitive('Bearer secret-token') },
};
const failure: Failure = {
  kind: 'Transient',
  reason: 'AuthorizationServerUnavailable',
  message: 'The server answered 503',
  serverTrouble: true,
};
const broken = () => {
  throw new Error('broken');
};

interface Scene {
  readonly call?: Partial<GuardedCall>;
  readonly isPermitted?: boolean;
  readonly isCrowded?: boolean;
  readonly isCommitted?: boolean;
  readonly holdsLead?: boolean;
  /** An earlier call of this attempt is in the ledger. */
  readonly isKnown?: boolean;
  readonly begin?: () => Promise<boolean>;
  readonly send?: () => Promise<ReturnType<typeof answered>>;
  readonly handlers?: Partial<CallHandlers<string>>;
}

/** One call between ports that write down, in order, what is asked of them. */
function createScene(scene: Scene) {
  const { isPermitted = true, isCommitted = true, holdsLead = true, isKnown = false } = scene;
  const trace: string[] = [];
  const audited: object[] = [];
  const counted: string[] = [];
  const told: string[] = [];
  const does = (what: string) => void trace.push(what);
  const slots = new Slots();
  const clock = createFakeClock({ skipMs: 1_000 });
  const context = contextOf({
    clock,
    lead: { held: () => holdsLead },
    counters: {
      ...UNCOUNTED,
      tokenLost: ({ name }) => void told.push(`token lost at ${name}`),
      clientChanged: ({ server, event, outcome }) => void told.push(`${event} ${outcome} at ${server.name}`),
    },
    log: { info: (_: string, fields: object) => void audited.push(fields) } as never,
    memory: {
      wasSent: (key: string, { kind, attempt }: RecentCall) => void counted.push(`${key} ${kind} ${attempt}`),
    } as never,
    slots: {
      isCrowded: () => scene.isCrowded ?? false,
      withSlot: async (place: Parameters<Slots['withSlot']>[0], effect: () => Promise<unknown>) => {
        does(`slot ${place.limit}`);
        return slots.withSlot(place, effect).finally(() => does('slot free'));
      },
    } as never,
    servers: {
      enter: (server: string, asking: object) => {
        does(`enter ${server}`);
        return isPermitted ? asking : undefined;
      },
      leave: (_: string, __: object, shown: Failure | undefined) =>
        does(`leave ${shown?.kind ?? 'succeeded'}`),
      abandon: () => does('abandon'),
    } as never,
    ledger: {
      entry: () => (isKnown ? {} : undefined),
      begin: ({ attempt }: { readonly attempt: string }) => {
        does(`begin ${attempt}`);
        return scene.begin?.() ?? Promise.resolve(isCommitted);
      },
      answered: () => does('answered'),
      settle: (attempt: string) => does(`settle ${attempt}`),
      interrupt: (attempt: string) => does(`interrupt ${attempt}`),
    } as never,
    http: {
      send: async (request) => {
        does(`send ${request.method}`);
        await clock.sleep(84);
        return scene.send?.() ?? answered(201, '{}');
      },
    },
  });
  const handlers: CallHandlers<string> = {
    prepare: async () => {
      does('prepare');
      return REQUEST;
    },
    notReady: (shown) => ({ shown, finish: () => ({ entry: 'Settle', result: 'not ready' }) }),
    conclude: () => {
      does('conclude');
      return concluding('Settle', does);
    },
    ...scene.handlers,
  };
  const result = guarded({ ...CALL, ...scene.call }, TERMS, handlers, context);
  return { trace, slots, audited, counted, told, result };
}

const concluding = (
  entry: EntryEnd,
  does: (what: string) => void = () => {},
  shown: Conclusion<string>['shown'] = undefined,
): Conclusion<string> => ({
  shown,
  finish: () => {
    does('finish');
    return { entry, result: 'concluded' };
  },
});

const FREE = 'slot free';
const ENTERED = ['slot 1', 'enter ClusterAuthorizationServer/sso'];
const BEGUN = [...ENTERED, 'prepare', 'begin a1'];
const SENT = [...BEGUN, 'send POST', 'answered', FREE];

async function traceOf(scene: Scene) {
  const { trace, result } = createScene(scene);
  return { result: await result, trace };
}

describe('a call that is made', () => {
  test('waits, enters, prepares, begins and sends, in this order; it leaves before it records, and its entry ends last', async () => {
    expect(await traceOf({})).toEqual({
      result: 'concluded',
      trace: [...SENT, 'conclude', 'leave succeeded', 'finish', 'settle a1'],
    });
  });

  test.each<[EntryEnd, readonly string[]]>([
    ['Settle', ['settle a1']],
    ['Interrupt', ['interrupt a1']],
    ['Recording', []],
  ])('ends its entry as it is concluded: %s', async (entry, ends) => {
    const { trace } = await traceOf({ handlers: { conclude: () => concluding(entry) } });
    expect(trace).toEqual([...SENT, 'leave succeeded', ...ends]);
  });

  test.each<[Conclusion<string>['shown'], string]>([
    [undefined, 'leave succeeded'],
    [failure, 'leave Transient'],
    ['Nothing', 'abandon'],
  ])('shows the registry what it is concluded to show: %j', async (shown, left) => {
    const { trace } = await traceOf({ handlers: { conclude: () => concluding('Settle', () => {}, shown) } });
    expect(trace).toEqual([...SENT, left, 'settle a1']);
  });

  test('settles the earlier calls that it supersedes', async () => {
    const earlier = ['e1', 'e2'].map((attempt) => ({ attempt }) as never);
    const finish = () => ({ entry: 'Interrupt', supersedes: earlier, result: '' }) as const;
    const { trace } = await traceOf({ handlers: { conclude: () => ({ shown: undefined, finish }) } });
    expect(trace.slice(-3)).toEqual(['settle e1', 'settle e2', 'interrupt a1']);
  });

  test('is given its answer, when it was sent, and what it sent that must stay secret', async () => {
    const { result } = await traceOf({
      handlers: {
        conclude: ({ outcome, sentAt, sent, told }) => ({
          shown: undefined,
          finish: () => ({
            entry: 'Settle',
            result: [outcome.kind, sentAt, sent.length, told.call?.url].join(' '),
          }),
        }),
      },
    });
    expect(result).toBe(`answered 1970-01-01T00:16:40.000Z 1 ${REQUEST.url}`);
  });
});

describe('the pause before the next call of the client', () => {
  const unknown: Failure = { ...failure, kind: 'Unknown' };

  test.each<[string, GuardedCall['kind'], Conclusion<string>['shown'], readonly string[]]>([
    ['counts an update', 'Update', undefined, ['shop/web Update a1']],
    ['counts an update without an answer', 'Update', unknown, ['shop/web Update a1']],
    ['leaves out an update that was refused, which set the client back', 'Update', failure, []],
    ['counts a registration without an answer', 'Register', unknown, ['shop/web Register a1']],
    ['leaves out a registration that a record shows', 'Register', undefined, []],
    ['leaves out a read', 'Read', undefined, []],
    ['leaves out a deregistration', 'Deregister', unknown, []],
  ])('%s', async (_, kind, shown, expected) => {
    const handlers = { conclude: () => concluding('Settle', () => {}, shown) };
    const { result, counted } = createScene({ call: { kind }, handlers });
    await result;
    expect(counted).toEqual(expected);
  });

  test('counts a call that was sent and then threw, and none that was not sent', async () => {
    const thrown = createScene({ handlers: { conclude: broken } });
    await expect(thrown.result).rejects.toThrow('broken');
    expect(thrown.counted).toEqual(['shop/web Register a1']);
    const unsent = createScene({ holdsLead: false });
    await unsent.result;
    expect(unsent.counted).toEqual([]);
  });
});

describe('a call that is not made', () => {
  test.each<[string, Scene, readonly string[]]>([
    ['too many of its namespace wait', { isCrowded: true }, []],
    ["the server's state forbids it", { isPermitted: false }, [...ENTERED, FREE]],
    [
      'it is not wanted any more',
      { call: { isWanted: () => false } },
      [...ENTERED, 'prepare', FREE, 'abandon'],
    ],
    ["its entry can't be stored", { isCommitted: false }, [...BEGUN, FREE, 'abandon']],
    ['the lead is lost', { holdsLead: false }, [...BEGUN, FREE, 'settle a1', 'abandon']],
    [
      'the lead is lost, and an earlier call of this attempt got no answer',
      { holdsLead: false, isKnown: true },
      [...BEGUN, FREE, 'interrupt a1', 'abandon'],
    ],
  ])('where %s', async (_, scene, trace) => {
    expect(await traceOf(scene)).toEqual({ result: undefined, trace });
  });

  test('where it could not be made ready has no entry, and the server is shown why', async () => {
    expect(await traceOf({ handlers: { prepare: async () => failure } })).toEqual({
      result: 'not ready',
      trace: [...ENTERED, FREE, 'leave Transient'],
    });
  });

  test('is never a deregistration for those that wait', async () => {
    const { result } = await traceOf({ isCrowded: true, call: { kind: 'Deregister' } });
    expect(result).toBe('concluded');
  });
});

describe('what throws', () => {
  const finish = async () => broken();
  test.each<[string, Scene, readonly string[]]>([
    ['prepare', { handlers: { prepare: broken } }, [...ENTERED, FREE, 'abandon']],
    [
      'what makes it not ready',
      { handlers: { prepare: async () => failure, notReady: broken } },
      [...ENTERED, FREE, 'abandon'],
    ],
    [
      'the question whether it is wanted',
      { call: { isWanted: broken } },
      [...ENTERED, 'prepare', FREE, 'abandon'],
    ],
    ['the ledger', { begin: broken }, [...BEGUN, FREE, 'settle a1', 'abandon']],
    [
      'the ledger, with an earlier call of this attempt',
      { begin: async () => broken(), isKnown: true },
      [...BEGUN, FREE, 'interrupt a1', 'abandon'],
    ],
    [
      'the HTTP port',
      { send: async () => broken() },
      [...BEGUN, 'send POST', FREE, 'interrupt a1', 'abandon'],
    ],
    ['the conclusion', { handlers: { conclude: broken } }, [...SENT, 'interrupt a1', 'abandon']],
    [
      'a conclusion that waits',
      { handlers: { conclude: async () => broken() } },
      [...SENT, 'interrupt a1', 'abandon'],
    ],
    [
      'what follows it',
      { handlers: { conclude: () => ({ shown: failure, finish }) } },
      [...SENT, 'leave Transient', 'interrupt a1'],
    ],
  ])('is passed on when all is given back: %s', async (_, scene, expected) => {
    const { trace, result, slots } = createScene(scene);
    await expect(result).rejects.toThrow('broken');
    expect(trace).toEqual(expected);
    const place = { server: CALL.server, namespace: 'shop', limit: 1, isEnding: false };
    expect(await slots.withSlot(place, async () => 'room')).toBe('room');
  });
});

describe('the audit trail', () => {
  const named: Scene['call'] = { audited: { event: 'Registration', why: 'NotRegistered' } };
  const line = {
    event: 'Registration',
    why: 'NotRegistered',
    client: 'shop/web',
    server: 'ClusterAuthorizationServer/sso',
    attempt: 'a1',
  };
  const lost = { ...line, outcome: 'Unknown', message: 'The operator failed before it had read the answer' };
  const told = { reason: failure.reason, message: failure.message };
  test.each<[string, Scene, readonly object[]]>([
    ['a call that succeeds', {}, [{ ...line, outcome: 'Succeeded', durationMs: 84 }]],
    [
      'a call that fails',
      { handlers: { conclude: () => concluding('Settle', () => {}, failure) } },
      [{ ...line, outcome: 'Failed', ...told, durationMs: 84 }],
    ],
    [
      'a call without an answer',
      { handlers: { conclude: () => concluding('Interrupt', () => {}, { ...failure, kind: 'Unknown' }) } },
      [{ ...line, outcome: 'Unknown', ...told, durationMs: 84 }],
    ],
    [
      'a call that could not be made ready',
      { handlers: { prepare: async () => failure } },
      [{ ...line, outcome: 'NotSent', ...told }],
    ],
    [
      'an answer that is not recorded yet',
      { handlers: { conclude: () => concluding('Recording') } },
      [{ ...line, outcome: 'Succeeded', recorded: false, durationMs: 84 }],
    ],
    ['a port that throws', { send: async () => broken() }, [lost]],
    ['a conclusion that throws', { handlers: { conclude: broken } }, [{ ...lost, durationMs: 84 }]],
    [
      'a record that throws',
      { handlers: { conclude: () => ({ shown: undefined, finish: broken }) } },
      [{ ...line, outcome: 'Succeeded', recorded: false, durationMs: 84 }],
    ],
    ['a call that is not made', { isCommitted: false }, []],
    ['something that throws before anything is sent', { handlers: { prepare: broken } }, []],
  ])('names %s', async (_, scene, lines) => {
    const { audited, told, result } = createScene({ ...scene, call: named });
    await result.catch(() => undefined);
    expect(audited).toEqual(lines);
    expect(told).toEqual(lines.map(({ event, outcome }: Partial<AuditLine>) => `${event} ${outcome} at sso`));
  });

  test('is counted with each token that the server refused', async () => {
    const lostToken: Failure = { ...failure, kind: 'TokenRefused', reason: 'RegistrationAccessTokenLost' };
    const conclude = () => ({ shown: lostToken, finish: () => ({ entry: 'Settle', result: 'r' }) as const });
    const { told, result } = createScene({ handlers: { conclude } });
    await result;
    expect(told).toEqual(['token lost at sso']);
  });

  test('names no call that is not to be named', async () => {
    const { audited, result } = createScene({});
    await result;
    expect(audited).toEqual([]);
  });
});
