import { randomUUID } from 'node:crypto';
import { AT_REGISTRATION, present, trueConfigurationUri } from './answer.ts';
import type { JsonObject } from './behaviour.ts';
import { Refused } from './error-answer.ts';
import { type Admitted, admit } from './gate.ts';
import type { Message, Reply } from './message.ts';
import { readMetadata, registerMetadata } from './metadata.ts';
import {
  type ClientRecord,
  expireClients,
  newClientId,
  newClientSecret,
  rotateToken,
  type ServerState,
  seconds,
  secretExpiry,
  usesSecret,
} from './server-state.ts';
import type { Gathered } from './signatures.ts';

/** RFC 7591 section 3: registers a client, or refuses in the order in which servers do: limit, gate, form, metadata. */
export function register(state: ServerState, message: Message, gathered: Gathered): Reply {
  checkLimits(state);
  const admitted = admit(state, message);
  const body = unlessRefused(gathered.body);
  const metadata = wantedMetadata(state, body, gathered, admitted);
  const record = create(state, message, body, metadata, admitted);
  admitted.used();
  state.counters.registrations += 1;
  return {
    status: state.behaviour.answer.status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...location(state, record) },
    body: present(state, record, AT_REGISTRATION),
  };
}

/** What was gathered, unless it is to be refused. @throws Refused */
export function unlessRefused<T>(gathered: T | Refused): T {
  if (gathered instanceof Refused) {
    throw gathered;
  }
  return gathered;
}

function checkLimits(state: ServerState): void {
  const { limits } = state.behaviour;
  expireClients(state);
  if (limits.registrations > 0 && state.counters.registrations >= limits.registrations) {
    throw new Refused('rateLimited', { headers: { 'retry-after': String(limits.retryAfterSeconds) } });
  }
  if (limits.clients > 0 && state.clients.size >= limits.clients) {
    throw new Refused('tooManyClients');
  }
}

function wantedMetadata(
  state: ServerState,
  body: JsonObject,
  { statement }: Gathered,
  { scopes }: Admitted,
): JsonObject {
  const { gate, metadata: rules } = state.behaviour;
  if (statement === undefined && gate.statement === 'required') {
    throw new Refused('missingStatement');
  }
  if (rules.chosenIdentifier === 'refused' && body['client_id'] !== undefined) {
    throw new Refused('clientIdInBody');
  }
  if (rules.chosenSecret === 'refused' && body['client_secret'] !== undefined) {
    throw new Refused('secretInBody');
  }
  // RFC 7591 section 2.3: what the statement says wins.
  const claims = statement === undefined ? {} : readMetadata(lenient(rules), unlessRefused(statement));
  const asked = { ...readMetadata(rules, body), ...claims };
  const registered = registerMetadata(rules, asked, {
    scopes,
    nameIsTaken: (name) => nameIsTaken(state, name),
  });
  return withStatement(state, registered, body);
}

/** A statement may have claims that are no metadata. */
export const lenient = <Rules extends ServerState['behaviour']['metadata']>(rules: Rules): Rules => ({
  ...rules,
  unknownMembers: 'ignored',
});

/** The statement belongs to what is registered: it is answered, and may have to verify again. */
export const withStatement = (
  { behaviour }: ServerState,
  metadata: JsonObject,
  body: JsonObject,
): JsonObject =>
  behaviour.gate.statement === 'ignored' || body['software_statement'] === undefined
    ? metadata
    : { ...metadata, software_statement: body['software_statement'] };

export const nameIsTaken = ({ clients }: ServerState, name: unknown, butBy?: ClientRecord): boolean =>
  name !== undefined &&
  [...clients.values()].some((other) => other !== butBy && other.metadata['client_name'] === name);

function create(
  state: ServerState,
  message: Message,
  body: JsonObject,
  metadata: JsonObject,
  admitted: Admitted,
): ClientRecord {
  const { answer, management } = state.behaviour;
  const record: ClientRecord = {
    id: chosen(state, 'chosenIdentifier', body['client_id']) ?? newClientId(state),
    metadata,
    secret: usesSecret(metadata)
      ? (chosen(state, 'chosenSecret', body['client_secret']) ?? newClientSecret(state))
      : undefined,
    secretExpiresAt: secretExpiry(state),
    token: undefined,
    tokenExpiresAt: 0,
    tokenHost: message.host,
    issuedAt: seconds(state.now()),
    generated: Object.fromEntries(answer.generated.map((member) => [member, randomUUID()])),
    staleReads: management.staleReads,
  };
  if (management.admits.includes('registrationToken')) {
    rotateToken(state, record, message.host, admitted.registrationToken);
  }
  store(state, record);
  return record;
}

function chosen(
  { behaviour, secrets }: ServerState,
  rule: 'chosenIdentifier' | 'chosenSecret',
  value: unknown,
): string | undefined {
  if (behaviour.metadata[rule] !== 'honoured' || typeof value !== 'string') {
    return undefined;
  }
  if (rule === 'chosenSecret') {
    secrets.add(value);
  }
  return value;
}

function store({ behaviour, clients, deleted }: ServerState, record: ClientRecord): void {
  if (behaviour.limits.keyedBySecond) {
    for (const { id, issuedAt } of clients.values()) {
      if (issuedAt === record.issuedAt) {
        clients.delete(id);
        deleted.add(id);
      }
    }
  }
  clients.set(record.id, record);
}

function location(state: ServerState, { id }: ClientRecord): Readonly<Record<string, string>> {
  const forms = {
    absent: undefined,
    configurationUri: trueConfigurationUri(state, id),
    adminPath: `/admin/clients/${encodeURIComponent(id)}`,
  };
  const value = forms[state.behaviour.answer.location];
  return value === undefined ? {} : { location: value };
}
