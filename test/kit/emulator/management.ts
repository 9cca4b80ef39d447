import { type Carries, present } from './answer.ts';
import type { JsonObject, Update } from './behaviour.ts';
import { Refused } from './error-answer.ts';
import { isBasic, liveGrant } from './gate.ts';
import { SERVER_MEMBERS } from './known-members.ts';
import type { Authorization, Call, Message, Reply } from './message.ts';
import { readMetadata, registerMetadata } from './metadata.ts';
import { lenient, nameIsTaken, unlessRefused, withStatement } from './registration.ts';
import {
  type ClientRecord,
  expireClients,
  newClientSecret,
  rotateToken,
  type ServerState,
  seconds,
  secretExpiry,
  usesSecret,
} from './server-state.ts';
import { type Gathered, verifyStatement } from './signatures.ts';

/** RFC 7592 section 2: read, update or delete. `id`: the client that the URL names. @throws Refused */
export function manage(
  state: ServerState,
  call: Call,
  id: string,
  message: Message,
  gathered: Gathered,
): Reply {
  const { behaviour } = state;
  expireClients(state);
  if (behaviour.management.admits.length === 0) {
    throw new Refused('noManagement');
  }
  if (call === 'read') {
    return read(state, id, message);
  }
  if (call === 'update') {
    return update(state, id, message, gathered);
  }
  if (call === 'remove') {
    return remove(state, id, message);
  }
  throw new Refused('otherMethod');
}

function read(state: ServerState, id: string, message: Message): Reply {
  const rules = state.behaviour.read;
  if (!rules.supported) {
    throw new Refused('readUnsupported');
  }
  const { record, isAdministrator } = authenticate(state, id, message);
  if (record.staleReads > 0) {
    record.staleReads -= 1;
    throw new Refused('staleRead');
  }
  return answered(state, record, message, isAdministrator ? forAdministrator(rules) : rules);
}

function update(state: ServerState, id: string, message: Message, gathered: Gathered): Reply {
  const rules = state.behaviour.update;
  if (!rules.supported) {
    throw new Refused('updateUnsupported');
  }
  const { record, isAdministrator } = authenticate(state, id, message);
  const body = unlessRefused(gathered.body);
  checkUpdate(rules, record, body);
  record.metadata = updatedMetadata(state, record, body, gathered);
  if (usesSecret(record.metadata)) {
    record.secret ??= newClientSecret(state);
  }
  if (rules.secretExpiry === 'renewed') {
    record.secretExpiresAt = secretExpiry(state);
  }
  record.staleReads = state.behaviour.management.staleReads;
  return answered(state, record, message, isAdministrator ? forAdministrator(rules) : rules);
}

function remove(state: ServerState, id: string, message: Message): Reply {
  if (!state.behaviour.remove.supported) {
    throw new Refused('removeUnsupported');
  }
  const { record } = authenticate(state, id, message);
  state.clients.delete(record.id);
  state.deleted.add(record.id);
  return { status: 204, headers: { 'cache-control': 'no-store' }, body: '' };
}

/** Answers, and does to token and secret what the call does at this server. */
function answered(state: ServerState, record: ClientRecord, message: Message, carries: Carries): Reply {
  if (carries.token === 'new') {
    rotateToken(state, record, message.host);
  }
  if (carries.secret === 'new' && usesSecret(record.metadata)) {
    record.secret = newClientSecret(state);
    record.secretExpiresAt = secretExpiry(state);
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: present(state, record, carries),
  };
}

/** Somebody who manages by right of their own sees no registration access token, and rotates none. */
const forAdministrator = (rules: Carries): Carries => ({
  ...rules,
  token: 'absent',
});

interface Authenticated {
  readonly record: ClientRecord;
  readonly isAdministrator: boolean;
}

function authenticate(state: ServerState, id: string, { authorization, host }: Message): Authenticated {
  const record = state.clients.get(id);
  if (authorization === undefined) {
    throw new Refused('missingRegistrationToken');
  }
  if (isAdministrator(state, authorization)) {
    if (record === undefined) {
      throw new Refused('unknownClientForAdmin');
    }
    return { record, isAdministrator: true };
  }
  const { admits, tokenBoundToHost } = state.behaviour.management;
  const isOwn = admits.includes('ownToken') && liveGrant(state, authorization.value)?.clientId === id;
  if (record !== undefined && isOwn) {
    return { record, isAdministrator: true };
  }
  const token =
    authorization.scheme === 'bearer' && admits.includes('registrationToken') ? authorization : null;
  if (token === null || record?.token !== token.value) {
    destroyForeign(state, authorization.value);
    throw new Refused(record !== undefined ? 'wrongRegistrationToken' : gone(state, id));
  }
  const expired = record.tokenExpiresAt !== 0 && record.tokenExpiresAt <= seconds(state.now());
  if (expired || (tokenBoundToHost && host !== record.tokenHost)) {
    throw new Refused('wrongRegistrationToken');
  }
  return { record, isAdministrator: false };
}

const gone = ({ deleted }: ServerState, id: string) => (deleted.has(id) ? 'deletedClient' : 'unknownClient');

function destroyForeign({ behaviour, clients }: ServerState, token: string): void {
  const owner = [...clients.values()].find((record) => record.token === token);
  if (owner !== undefined && behaviour.management.foreignToken === 'destroyed') {
    owner.token = undefined;
  }
}

function isAdministrator(state: ServerState, authorization: Authorization): boolean {
  const { admits, adminScope } = state.behaviour.management;
  const { credentials } = state;
  const { scheme, value } = authorization;
  const isAdminToken = () =>
    value === credentials.initialAccessToken ||
    adminScope.split(' ').every((word) => liveGrant(state, value)?.scopes.includes(word));
  return (
    (admits.includes('basic') && isBasic(authorization, credentials.basic)) ||
    (admits.includes('ssws') && scheme === 'ssws' && value === credentials.ssws) ||
    (admits.includes('adminToken') && scheme === 'bearer' && isAdminToken())
  );
}

/** What the body of an update may and must hold besides metadata. */
function checkUpdate(rules: Update, record: ClientRecord, body: JsonObject): void {
  const clientId = body['client_id'];
  const idIsOptional = rules.clientId !== 'required' && clientId === undefined;
  if (rules.clientId !== 'ignored' && !idIsOptional && clientId !== record.id) {
    throw new Refused('updateClientId');
  }
  const serverMember = SERVER_MEMBERS.some((member) => body[member] !== undefined);
  if (serverMember && rules.serverMembers === 'refused') {
    throw new Refused('updateServerMember');
  }
  const secret = body['client_secret'];
  const given = secret !== undefined;
  const matches = secret === record.secret;
  const fits = {
    mustMatchIfGiven: !given || matches,
    ignored: true,
    required: matches || record.secret === undefined,
    refused: !given,
  }[rules.secretEcho];
  if (!fits) {
    throw new Refused('updateSecret');
  }
}

function updatedMetadata(
  state: ServerState,
  record: ClientRecord,
  body: JsonObject,
  { statement }: Gathered,
): JsonObject {
  const { metadata: rules, gate, update: updateRules } = state.behaviour;
  if (updateRules.verifiesStatement && statement === undefined && gate.statement === 'required') {
    throw new Refused('missingStatement');
  }
  const claims = statement === undefined ? {} : readMetadata(lenient(rules), unlessRefused(statement));
  const asked = { ...readMetadata(rules, body), ...claims };
  const { software_statement: _statement, ...present } = record.metadata;
  const merged = updateRules.semantics === 'replace' ? asked : merge(updateRules, present, asked, body);
  const registered = registerMetadata(rules, merged, {
    nameIsTaken: (name) => nameIsTaken(state, name, record),
  });
  return withStatement(state, registered, { ...statementOf(record), ...body });
}

const statementOf = ({ metadata }: ClientRecord): JsonObject =>
  metadata['software_statement'] === undefined ? {} : { software_statement: metadata['software_statement'] };

function merge(rules: Update, present: JsonObject, asked: JsonObject, body: JsonObject): JsonObject {
  const changes = Object.entries(asked).filter(([, value]) => rules.semantics === 'merge' || !isEmpty(value));
  const kept = Object.entries(present).filter(
    ([name]) => body[name] !== null && !(rules.resets.includes(name) && asked[name] === undefined),
  );
  return Object.fromEntries([...kept, ...changes]) as JsonObject;
}

const isEmpty = (value: unknown) => value === '' || (Array.isArray(value) && value.length === 0);

/** What an update brings, with the statement that is registered where it brings none and that one must still verify. */
export async function gatherUpdate(state: ServerState, id: string, gathered: Gathered): Promise<Gathered> {
  const statement = state.clients.get(id)?.metadata['software_statement'];
  const needed = state.behaviour.update.verifiesStatement && statement !== undefined;
  return gathered.statement !== undefined || !needed
    ? gathered
    : { ...gathered, statement: await verifyStatement(state, statement) };
}
