import { presentable } from '../oauth/error-response.ts';
import { type Json, type JsonObject, parseJsonObject } from '../oauth/json.ts';
import { own } from '../oauth/objects.ts';
import {
  LIST_OF,
  LISTED_MEMBERS,
  type ListedMember,
  notInList,
  type OfferedValues,
} from '../oauth/offered-values.ts';
import { cut, enumerated } from '../oauth/text.ts';
import { wantedDocument } from './document.ts';
import { type Substitution, shownValue } from './drift.ts';
import type { Observation } from './observation.ts';
import { isProblem } from './problem.ts';

const MOST_MEMBERS = 3;
const MOST_ASKED = 4;
const MOST_OFFERED = 12;
const LONGEST_SHOWN = 40;
/** The message of a condition holds it in whole. */
const LONGEST_NOTE = 1000;

/**
 * A sentence for each member that has a value which the discovery document of the server excludes: member, value, and
 * the values that the document offers. A warning alone: documents are wrong at times, so nothing is refused for it.
 *
 * @param document what is sent for the client, under wire names
 * @param substitutions what the server registered instead
 * @returns `undefined`: the document excludes nothing of it
 */
export function notOffered(
  document: JsonObject,
  offered: OfferedValues,
  substitutions: readonly Substitution[] = [],
): string | undefined {
  const sentences = LISTED_MEMBERS.flatMap((member) => {
    const list = offered[member];
    const sent = own(document, member);
    const instead = substitutions.find((one) => isOf(one, member, sent));
    const value = instead === undefined ? sent : registeredValue(instead);
    const missing = list === undefined ? [] : notInList(value, list);
    return list === undefined || missing.length === 0 ? [] : [sentence(member, missing, list, instead)];
  });
  return sentences.length === 0 ? undefined : cut(sentences.slice(0, MOST_MEMBERS).join(' '), LONGEST_NOTE);
}

/** Whether the server registered something instead of this value, and not of one that was sent earlier. */
const isOf = (substitution: Substitution, member: ListedMember, sent: Json | undefined): boolean =>
  substitution.member === member && substitution.registered !== '' && substitution.asked === shownValue(sent);

function sentence(
  member: ListedMember,
  missing: readonly string[],
  list: readonly string[],
  instead: Substitution | undefined,
): string {
  const what =
    instead === undefined
      ? `The client asks for ${member} ${shown(missing, MOST_ASKED)}`
      : `The server registered ${member} ${shown(missing, MOST_ASKED)} instead of ${instead.asked}`;
  return `${what}, and ${LIST_OF[member]} of the server's discovery document offers only ${shown(list, MOST_OFFERED)}.`;
}

const shown = (values: readonly string[], most: number): string =>
  enumerated(
    values.map((value) => presentable(cut(value, LONGEST_SHOWN), [])),
    most,
  );

/** Lists are stored as JSON; one that was cut is not judged. */
function registeredValue({ registered }: Substitution): Json | undefined {
  if (!registered.startsWith('[')) {
    return registered;
  }
  return parseJsonObject(`{"list":${registered}}`)?.['list'];
}

/**
 * What the object wants now, and what the server offers. `undefined`: there is no document to judge, or the lists of the
 * server are not known, as after a restart until its discovery document is read again.
 */
export function wantedNow(
  o: Observation,
): { readonly document: JsonObject; readonly offered: OfferedValues } | undefined {
  const { object, server, statement, namespace, name, cluster } = o;
  if (object === undefined || !object.desired.valid || !server.available || isProblem(statement)) {
    return undefined;
  }
  const { connection } = server;
  if (connection.offered === undefined) {
    return undefined;
  }
  const client = { namespace, name, cluster, createdAt: object.createdAt };
  const wanted = wantedDocument(client, object.desired.spec, connection, statement);
  return isProblem(wanted) ? undefined : { document: wanted.document, offered: connection.offered };
}

/**
 * {@link notOffered} for what the object wants now. `Unknown`: see {@link wantedNow}.
 */
export function notOfferedNow(
  o: Observation,
  substitutions: readonly Substitution[],
): { readonly note: string | undefined } | 'Unknown' {
  const wanted = wantedNow(o);
  return wanted === undefined
    ? 'Unknown'
    : { note: notOffered(wanted.document, wanted.offered, substitutions) };
}
