import type { OAuthClientStatus } from '../../api/oauth-client.ts';
import type { ClientKey } from '../../core/client-key.ts';
import type { ServerConnection } from '../../core/connection.ts';
import { notOffered } from '../../core/not-offered.ts';
import type { Observation } from '../../core/observation.ts';
import type { JsonObject } from '../../oauth/json.ts';
import type { StepInput } from './round.ts';
import { withCure } from './setbacks.ts';
import type { StepContext } from './step-context.ts';
import { subjectOf } from './steps/report.ts';

/** Warns before a document is sent that has values which the server's discovery document excludes. */
export function warnNotOffered(
  document: JsonObject,
  { offered = {} }: ServerConnection,
  { o, round, context }: StepInput,
): void {
  const { substitutions } = o.object?.status ?? {};
  tellNotOffered(o, round.key, notOffered(document, offered, substitutions), context);
}

/** What the condition says of values that are not offered. */
export const noteIn = ({ conditions }: OAuthClientStatus): string | undefined =>
  conditions?.find(({ type }) => type === 'MetadataNotOffered')?.message;

/** One Event for each note and edition of the spec, also over a restart, where status has the note already. */
export function tellNotOffered(
  o: Observation,
  key: ClientKey,
  note: string | undefined,
  { events, memory }: Pick<StepContext, 'events' | 'memory'>,
): void {
  const { object } = o;
  if (note === undefined || object === undefined) {
    return;
  }
  const { generation, status } = object;
  const before = status.conditions?.find(({ type }) => type === 'MetadataNotOffered');
  const isTold = before?.message === note && before.observedGeneration === generation;
  if (memory.isNewWarning(key, `${generation} ${note}`) && !isTold) {
    const message = withCure(note, 'MetadataNotOffered');
    events.record({
      reason: 'MetadataNotOffered',
      action: 'Compare',
      message,
      regarding: subjectOf(o, undefined),
    });
  }
}
