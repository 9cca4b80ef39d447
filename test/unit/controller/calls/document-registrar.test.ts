import { describe, expect, test } from 'vitest';
import type { ConfigMap } from '../../../../src/api/kubernetes.ts';
import { answerOwn, ownRequest } from '../../../../src/controller/calls/document-registrar.ts';
import type { ApiResult, KubernetesApi } from '../../../../src/controller/ports.ts';
import { SETTINGS } from '../../../kit/fixtures/settings.ts';

const URL_OF_APP = 'https://clients.example.com/shop/web';
const NAME = 'oac-1-a';
const documents = { namespace: 'documents', baseUrls: [], namespacedBaseUrls: [] };
const settings = { ...SETTINGS, documents };
const refused = (status: number, reason = '', message = 'no') =>
  ({ ok: false, status, reason, message }) as const;
const found = { ok: true, object: { metadata: { name: NAME, resourceVersion: '7' } } } as const;

type Answers = Partial<Record<'get' | 'create' | 'replace' | 'delete', ApiResult<unknown>>>;

/** An API server with these answers; what it was asked. */
function apiWith(answers: Answers) {
  const asked: string[] = [];
  const call =
    (verb: keyof Answers) =>
    (_: unknown, object: ConfigMap & { readonly name?: string }): Promise<ApiResult<unknown>> => {
      const { resourceVersion: version } = object.metadata ?? {};
      asked.push(version === undefined ? verb : `${verb} of ${version}`);
      return Promise.resolve(answers[verb] ?? refused(500));
    };
  const verbs = ['get', 'create', 'replace', 'delete'] as const;
  const api = Object.fromEntries(verbs.map((verb) => [verb, call(verb)])) as unknown as KubernetesApi;
  return { api, asked, settings };
}

const serve = (isNew: boolean) =>
  ownRequest(URL_OF_APP, {
    kind: 'Serve',
    name: NAME,
    client: { namespace: 'shop', name: 'web', uid: '1' },
    served: { url: URL_OF_APP, body: '{}', maxAge: 300 },
    metadata: { client_name: 'Web' },
    isNew,
  });
const remove = ownRequest(URL_OF_APP, { kind: 'Remove', name: NAME });

describe("the operator's own registrar", () => {
  test.each<[string, boolean, Answers, readonly string[]]>([
    ['creates a document', true, { create: found }, ['create']],
    [
      'takes the place of what an earlier try left',
      true,
      { create: refused(409, 'AlreadyExists'), get: found, replace: found },
      ['create', 'get', 'replace of 7'],
    ],
    [
      'replaces the version that it read, so that a write that is late overwrites nothing',
      false,
      { get: found, replace: found },
      ['get', 'replace of 7'],
    ],
    [
      'creates again what was lost',
      false,
      { get: refused(404, 'NotFound'), create: found },
      ['get', 'create'],
    ],
  ])('%s, and answers with the client', async (_, isNew, answers, asked) => {
    const context = apiWith(answers);
    const outcome = await answerOwn(serve(isNew), context);
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
    expect(JSON.parse(outcome.kind === 'answered' ? outcome.body.reveal() : '')).toEqual({
      client_id: URL_OF_APP,
      registration_client_uri: URL_OF_APP,
      client_name: 'Web',
    });
    expect(context.asked).toEqual(asked);
  });

  test.each([
    ['a removal', remove, { delete: found }],
    ['a removal of what is gone', remove, { delete: refused(404, 'NotFound') }],
  ])('answers %s', async (_, request, answers) => {
    expect(await answerOwn(request, apiWith(answers))).toMatchObject({ kind: 'answered', status: 204 });
  });

  test.each<[string, Parameters<typeof answerOwn>[0], Answers, string]>([
    [
      'creation',
      serve(true),
      { create: refused(403, 'Forbidden', 'exceeded quota') },
      'written: exceeded quota',
    ],
    [
      'change',
      serve(false),
      { get: found, replace: refused(409, 'Conflict', 'changed') },
      'written: changed',
    ],
    ['removal', remove, { delete: refused(403, 'Forbidden', 'no right') }, 'removed: no right'],
  ])('counts a %s that the API server refuses as not sent', async (_, request, answers, said) => {
    expect(await answerOwn(request, apiWith(answers))).toEqual({
      kind: 'notSent',
      reason: 'Unsendable',
      isOwn: true,
      detail: `the API server refuses that the ConfigMap of the document is ${said}`,
    });
  });

  test.each([
    ['got no answer', 0],
    ['was answered with a fault', 500],
    ['was answered after a timeout in the API server', 504],
  ])('does not know what became of a write that %s', async (_, status) => {
    expect(await answerOwn(serve(true), apiWith({ create: refused(status) }))).toEqual({
      kind: 'noAnswer',
      reason: 'ConnectionLost',
      detail: 'whether the ConfigMap of the document was written is not known',
    });
  });

  test.each([0, 500])(
    'knows that nothing was written where the read before it failed (%d)',
    async (status) => {
      const answers = { get: refused(status, '', 'away') };
      expect(await answerOwn(serve(false), apiWith(answers))).toMatchObject({ kind: 'notSent' });
    },
  );

  test('writes nothing where the installation serves no documents', async () => {
    const context = { ...apiWith({}), settings: SETTINGS };
    expect(await answerOwn(serve(true), context)).toMatchObject({
      kind: 'notSent',
      detail: 'this installation serves no documents',
    });
    expect(context.asked).toEqual([]);
  });
});
