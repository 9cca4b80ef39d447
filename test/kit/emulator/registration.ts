import { randomUUID } from 'node:crypto';
import { AT_REGISTRATION, present, trueConfigurationUri } from './answer.ts';
import type { JsonObject } from './behaviour.ts';
import { Refused } from './error-answer.ts';
import { type Admitted, admit } from './gate.ts';
import type { Message, Reply } from './message.ts';
import { readMetadata, registerMetadata } from './metadata.ts';
import type { Gathered } from './signatures.ts';
import {
  type ClientRecord,
  expireClients,
  newClientId,
  newClientSecret,
  rotateToken,
  seconds,
  secretExpiry,
  usesSecret,
  type World,
} from './world.ts';

/** RFC 7591 section 3: registers a client, or refuses in the order in which servers do: limit, gate, form, metadata. */
export function register(world: World, message: Message, gathered: Gathered): Reply {
  checkLimits(world);
  const admitted = admit(world, message);
  const body = unlessRefused(gathered.body);
  const metadata = wantedMetadata(world, body, gathered, admitted);
  const record = create(world, message, body, metadata, admitted);
  admitted.used();
  world.counters.registrations += 1;
  return {
    status: world.behaviour.answer.status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...location(world, record) },
    body: present(world, record, AT_REGISTRATION),
  };
}

/** What was gathered, unless it is to be refused. @throws Refused */
export function unlessRefused<T>(gathered: T | Refused): T {
  if (gathered instanceof Refused) {
    throw gathered;
  }
  return gathered;
}

function checkLimits(world: World): void {
  const { limits } = world.behaviour;
  expireClients(world);
  if (limits.registrations > 0 && world.counters.registrations >= limits.registrations) {
    throw new Refused('rateLimited', { headers: { 'retry-after': String(limits.retryAfterSeconds) } });
  }
  if (limits.clients > 0 && world.clients.size >= limits.clients) {
    throw new Refused('tooManyClients');
  }
}

function wantedMetadata(
  world: World,
  body: JsonObject,
  { statement }: Gathered,
  { scopes }: Admitted,
): JsonObject {
  const { gate, metadata: rules } = world.behaviour;
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
    nameIsTaken: (name) => nameIsTaken(world, name),
  });
  return withStatement(world, registered, body);
}

/** A statement may have claims that are no metadata. */
export const lenient = <Rules extends World['behaviour']['metadata']>(rules: Rules): Rules => ({
  ...rules,
  unknownMembers: 'ignored',
});

/** The statement belongs to what is registered: it is answered, and may have to verify again. */
export const withStatement = ({ behaviour }: World, metadata: JsonObject, body: JsonObject): JsonObject =>
  behaviour.gate.statement === 'ignored' || body['software_statement'] === undefined
    ? metadata
    : { ...metadata, software_statement: body['software_statement'] };

export const nameIsTaken = ({ clients }: World, name: unknown, butBy?: ClientRecord): boolean =>
  name !== undefined &&
  [...clients.values()].some((other) => other !== butBy && other.metadata['client_name'] === name);

function create(
  world: World,
  message: Message,
  body: JsonObject,
  metadata: JsonObject,
  admitted: Admitted,
): ClientRecord {
  const { answer, management } = world.behaviour;
  const record: ClientRecord = {
    id: chosen(world, 'chosenIdentifier', body['client_id']) ?? newClientId(world),
    metadata,
    secret: usesSecret(metadata)
      ? (chosen(world, 'chosenSecret', body['client_secret']) ?? newClientSecret(world))
      : undefined,
    secretExpiresAt: secretExpiry(world),
    token: undefined,
    tokenExpiresAt: 0,
    tokenHost: message.host,
    issuedAt: seconds(world.now()),
    generated: Object.fromEntries(answer.generated.map((member) => [member, randomUUID()])),
    staleReads: management.staleReads,
  };
  if (management.admits.includes('registrationToken')) {
    rotateToken(world, record, message.host, admitted.registrationToken);
  }
  store(world, record);
  return record;
}

function chosen(
  { behaviour, secrets }: World,
  rule: 'chosenIdentifier' | 'chosenSecret',
  value: unknown,
): string | undefined {
  if (behaviour.metadata[rule] !== 'honoured' || typeof value !== 'string') {
    return undefined;
  }
  if (rule === 'chosenSecret') secrets.add(value);
  return value;
}

function store({ behaviour, clients, deleted }: World, record: ClientRecord): void {
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

function location(world: World, { id }: ClientRecord): Readonly<Record<string, string>> {
  const forms = {
    absent: undefined,
    configurationUri: trueConfigurationUri(world, id),
    adminPath: `/admin/clients/${encodeURIComponent(id)}`,
  };
  const value = forms[world.behaviour.answer.location];
  return value === undefined ? {} : { location: value };
}
