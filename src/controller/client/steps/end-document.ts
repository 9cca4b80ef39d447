import { rfc3339 } from '../../../api/time.ts';
import type { DeregisterStep } from '../../../core/action.ts';
import { classifyDeletion } from '../../../core/classify.ts';
import type { DocumentState } from '../../../core/document-state.ts';
import { keyWithoutServer } from '../../../core/server-key.ts';
import { rfc7591 } from '../../../dialects/rfc7591.ts';
import { documentDigest, withdrawalDocument } from '../../../oauth/client-document.ts';
import { omit } from '../../../oauth/objects.ts';
import { originOf } from '../../../oauth/url.ts';
import { endOf } from '../../calls/audit.ts';
import { type DocumentWrite, ownRequest } from '../../calls/document-registrar.ts';
import { type Finish, newAttempt } from '../../calls/guarded-call.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import { mark } from './mark.ts';
import { failed } from './report.ts';

/** A write of the API server alone: the place of the document need not answer. */
const TIMEOUT_MS = 30_000;
const IN_FLIGHT = 16;

/**
 * The withdrawal takes the place of the document; later the document is removed, and its URL is gone.
 *
 * @param removed what follows once the document is removed
 */
export async function endDocument(
  step: DeregisterStep,
  document: DocumentState,
  removed: () => Promise<Finish<StepResult>>,
  input: StepInput,
): Promise<StepResult> {
  const { o, context } = input;
  const { basis, phase } = step;
  const { record } = step.home;
  const { client, registrationSecret: name, clientId } = record;
  const earlier = o.calls.find(
    ({ kind, registrationSecret }) => kind === 'Deregister' && registrationSecret === name,
  );
  const attempt = earlier?.attempt ?? newAttempt(context);
  const server = keyWithoutServer(record.server, client.namespace, originOf(clientId));
  const audited = { event: 'Deregistration', why: step.message, clientId } as const;
  const call = { attempt, kind: 'Deregister', client, registrationSecret: name, server, audited } as const;
  const terms = { version: '', timeoutMs: TIMEOUT_MS, maxInFlight: IN_FLIGHT, transport: undefined };
  let state = document;
  const result = await context.calls.guarded<StepResult>(call, terms, {
    prepare: async () => {
      if (phase === 'Remove') {
        return ownRequest(clientId, { kind: 'Remove', name });
      }
      const [write, next] = await withdrawal(document, step, input);
      state = next;
      return ownRequest(clientId, write);
    },
    notReady: (failure) => ({
      shown: failure,
      finish: () => ({ entry: 'Settle', result: failed('Deregister', basis, failure, input) }),
    }),
    conclude: ({ outcome, told }) => {
      const verdict = classifyDeletion(outcome, {
        dialect: rfc7591,
        secrets: [],
        now: context.clock.now(),
        ...told,
      });
      if (verdict.kind !== 'Done') {
        const entry = verdict.kind === 'Unknown' || earlier !== undefined ? 'Interrupt' : 'Settle';
        return {
          shown: verdict,
          finish: () => ({ entry, result: failed('Deregister', basis, verdict, input) }),
        };
      }
      const finish = phase === 'Remove' ? removed : () => withdrawn(step, state, input);
      return { shown: undefined, end: endOf(undefined), finish };
    },
  });
  return result ?? DONE;
}

/** Its key is made for this document, and its private half is dropped. */
async function withdrawal(
  document: DocumentState,
  { home: { record } }: DeregisterStep,
  { context }: StepInput,
): Promise<readonly [DocumentWrite, DocumentState]> {
  const { clientId: url, client, registrationSecret: name } = record;
  const { publicJwk } = await context.jwt.generate('ES256', client.namespace);
  const files = withdrawalDocument(url, publicJwk);
  const served = { ...files, maxAge: document.maxAge };
  const now = rfc3339(context.clock.now());
  const others = omit(document, 'body', 'settles', 'large');
  const state = { ...others, digest: documentDigest(files), publishedAt: now, withdrawnAt: now };
  return [{ kind: 'Serve', name, client, served, metadata: {}, isNew: false }, state];
}

/** The entry stays open until the record says so: else the withdrawal is made again, with another key. */
async function withdrawn(
  { home: { record }, basis }: DeregisterStep,
  document: DocumentState,
  input: StepInput,
): Promise<Finish<StepResult>> {
  const result = await mark(record, { document }, input.context);
  if (result.kind === 'done') {
    input.context.memory.succeeded(input.round.key, 'Deregister', basis);
  }
  return { entry: result.kind === 'done' ? 'Settle' : 'Interrupt', result };
}
