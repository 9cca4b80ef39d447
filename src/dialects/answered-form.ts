import type { HttpOutcome } from '../oauth/http-message.ts';
import { parseJsonObject } from '../oauth/json.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import { completeMembers } from '../oauth/torn-json.ts';
import type { ClientCodec } from './codec.ts';

/** An answer as RFC 7591 would have it: a client in the server's own form is translated, all else stays as it is. */
export function asMetadata(outcome: HttpOutcome, codec: ClientCodec): HttpOutcome {
  switch (outcome.kind) {
    case 'notSent':
      return outcome;
    case 'noAnswer':
      return outcome.received === undefined
        ? outcome
        : { ...outcome, received: tornAsMetadata(outcome.received, codec) };
    case 'answered':
      return { ...outcome, body: bodyAsMetadata(outcome.body, codec) };
  }
}

function bodyAsMetadata(body: Sensitive, { decode }: ClientCodec): Sensitive {
  const document = parseJsonObject(body.reveal());
  return document === undefined ? body : new Sensitive(JSON.stringify(decode(document)));
}

/** Of an answer that was cut off, what had arrived whole, so that a client is not lost. */
function tornAsMetadata(received: Sensitive, codec: ClientCodec): Sensitive {
  const whole = new Sensitive(`{${completeMembers(received.reveal()).join(',')}}`);
  return bodyAsMetadata(whole, codec);
}
