import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeToPage } from '../../kit/testbed/page.ts';
import type { Finding } from './first-violation.ts';

/** Operators with one deliberate defect each: the simulation must find every one. */
interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Occurs in the file exactly once. */
  readonly original: string;
  readonly mutant: string;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the answer is used before it is recorded',
    file: 'src/controller/client/steps/record.ts',
    original: 'const written = await context.calls.record({ kind, attempt, secret, settles, onRefused });',
    mutant:
      'const written = secret; void context.calls.record({ kind, attempt, secret, settles, onRefused }).catch(() => undefined);',
  },
  {
    name: "the POST doesn't wait for its entry",
    file: 'src/controller/calls/guarded-call.ts',
    original: 'const committed = await ledger.begin(entry);',
    mutant: 'const committed = true; void ledger.begin(entry).catch(() => false);',
  },
  {
    name: 'the POST is sent twice',
    file: 'src/controller/calls/guarded-call.ts',
    original: 'const said = await send();',
    mutant: 'await send(); const said = await send();',
  },
  {
    name: "a suspected orphan isn't listed",
    file: 'src/controller/client/steps/orphan.ts',
    original: 'const reported = await context.orphans.report(entry, said, traits);',
    mutant: "const reported = said === '' ? 'NotYet' : 'Listed';",
  },
  {
    name: 'no answer to a POST counts as not created',
    file: 'src/controller/client/steps/register.ts',
    original: "const unknown = failure.kind === 'Unknown';",
    mutant: 'const unknown = Boolean(0);',
  },
  {
    name: 'an interrupted registration is forgotten',
    file: 'src/core/rules/unsettled.ts',
    original: "isRecorded ? 'SettleCall' : 'ReportOrphan'",
    mutant: "'SettleCall'",
  },
  {
    name: 'status does not say when a refused call is tried again',
    file: 'src/core/rules/idle.ts',
    original: "isRemembered(action) || action === 'Deregister';",
    mutant: "action === 'Deregister';",
  },
  {
    name: "a new leader doesn't wait for the calls of the one before",
    file: 'src/controller/durable/ledger.ts',
    original: 'entry.pod === podOf(holder) ? 0 : entry.timeoutMs + RECORDING_MS',
    mutant: '0',
  },
  {
    name: "the ledger's epoch isn't looked at",
    file: 'src/controller/durable/ledger-store.ts',
    original: 'const other = otherLeader(data, this.#epoch, this.#options.holder);',
    mutant: 'const other = undefined;',
  },
  {
    name: 'the replay of the journal overwrites',
    file: 'src/controller/durable/recorder.ts',
    original: 'const isNewest = [entry.follows, attempt].includes(writerOf(found.object));',
    mutant: 'const isNewest = true;',
  },
  {
    name: 'what is recorded is logged',
    file: 'src/controller/durable/recorder.ts',
    original: 'journal.append({',
    mutant: "log.debug('recording', { secret }); journal.append({",
  },
  {
    name: "the workload's Secret shows one client's id and another's secret",
    file: 'src/controller/client/steps/publish.ts',
    original: 'information,\n  sent,\n  issuer',
    mutant: "information: { ...information, clientId: o.records[0]?.clientId ?? '' },\n  sent,\n  issuer",
  },
  {
    name: 'there are no tombstones',
    file: 'src/controller/state/object-cache.ts',
    original: 'if (goneAt !== undefined && !isNewer(resourceVersion, goneAt)) {',
    mutant: 'if (goneAt === "") {',
  },
  {
    name: 'a late watch overwrites what is known',
    file: 'src/controller/state/object-cache.ts',
    original: 'if (before === undefined || isNewer(resourceVersion, before.metadata.resourceVersion)) {',
    mutant: 'if (before !== object) {',
  },
  {
    name: 'what a token endpoint said of a credential is not kept',
    file: 'src/controller/client/steps/verify.ts',
    original: 'context.memory.probed(round.key, {',
    mutant: 'context.memory.probed("shop/nobody" as typeof round.key, {',
  },
  {
    name: "surplus clients aren't deregistered",
    file: 'src/core/rules/surplus.ts',
    original: 'of o.surplus.filter(',
    mutant: 'of o.surplus.slice(0, 0).filter(',
  },
  {
    name: '401 to a DELETE counts as gone at once',
    file: 'src/controller/client/steps/deregister.ts',
    original: '(mayBeGone && refusedStatus)',
    mutant: 'refusedStatus',
  },
  {
    name: 'a record belongs to whatever server object bears the name',
    file: 'src/core/home.ts',
    original: 'if (record.serverUid === uid) {',
    mutant: "if (record.serverUid !== '') {",
  },
  {
    name: "an update without an answer isn't remembered",
    file: 'src/controller/client/steps/update.ts',
    original: "entry: isUnanswered && earlier === undefined ? 'Interrupt' : 'Settle',",
    mutant: "entry: 'Settle',",
  },
  {
    name: 'a call that throws gives nothing back',
    file: 'src/controller/calls/guarded-call.ts',
    original: 'bracket.close();',
    mutant: '',
  },
  {
    name: "a call that throws stays in the server's registry",
    file: 'src/controller/calls/guarded-call.ts',
    original: "this.#leave('Nothing');",
    mutant: '',
  },
  {
    name: 'a call that throws keeps its room at the server',
    file: 'src/controller/state/slots.ts',
    original: 'return await effect();\n    } finally {',
    mutant:
      'const made = await effect(); line.release(place); return made;\n    } finally {\n      if (Boolean(0))',
  },
  {
    name: 'registrations that follow each other at once are not counted',
    file: 'src/core/recent-calls.ts',
    original: 'at <= now && now - at < COUNTED_MS',
    mutant: 'at > now && now - at < COUNTED_MS',
  },
  {
    name: 'a round that does not come to its end is not told',
    file: 'src/controller/client/unfinished.ts',
    original: 'if (!isRefused && now - since < TELL_AFTER_MS) {',
    mutant: 'if (!isRefused || now - since < TELL_AFTER_MS) {',
  },
  {
    name: 'a server that says that it does not know a client is not believed',
    file: 'src/core/forgotten-client.ts',
    original: 'const BELIEVED = 2;',
    mutant: 'const BELIEVED = 2_000;',
  },
  {
    name: 'the wall clock of the machine counts',
    file: 'src/adapters/process/cluster-clock.ts',
    original: 'Math.floor(offset + machine.monotonic())',
    mutant: 'machine.now()',
  },
  {
    name: 'refusals are forgotten at a restart',
    file: 'src/controller/client/observe.ts',
    original: 'if (object.status.refusal !== undefined) {',
    mutant: "if (object.uid === '') {",
  },
  {
    name: 'the document of an interrupted registration stays',
    file: 'src/controller/client/steps/orphan.ts',
    original: 'await context.api.delete(RESOURCES.configMap, { namespace, name });',
    mutant: 'await context.api.get(RESOURCES.configMap, { namespace, name });',
  },
  {
    name: 'a document counts as served whatever its URL answers',
    file: 'src/controller/client/steps/check-document.ts',
    original: 'if (documentDigest({ body, keys }) !== document.digest) {',
    mutant: "if (documentDigest({ body, keys }) === '') {",
  },
  {
    name: 'a withdrawn document stays at its URL',
    file: 'src/controller/calls/document-registrar.ts',
    original: 'const gone = await context.api.delete(',
    mutant: 'const gone = await context.api.get(',
  },
  {
    name: 'Pods that use a former client are not looked at',
    file: 'src/core/retirement.ts',
    original: 'return retirement !== undefined && (users === undefined',
    mutant: 'return Boolean(0) && retirement !== undefined && (users === undefined',
  },
  {
    name: 'a restart has a time before its credential',
    file: 'src/controller/client/steps/restart.ts',
    original: 'const at = rfc3339(Math.max(times.now, times.since + 1_000));',
    mutant: 'const at = rfc3339(times.since - 3_600_000);',
  },
  {
    name: 'a restart that failed counts as done',
    file: 'src/controller/client/steps/restart.ts',
    original: 'const done = await restartOne(target, { since, now }, input);',
    mutant:
      "const tried = await restartOne(target, { since, now }, input); const done = 'reason' in tried ? { at: rfc3339(now) } : tried;",
  },
  {
    name: 'a client ends in a migration while its Secret shows it',
    file: 'src/core/rules/surplus.ts',
    original: 'secretsShowing(o, surplus).length === 0',
    mutant: 'secretsShowing(o, surplus).length >= 0',
  },
  {
    name: 'a client that is being ended serves again',
    file: 'src/core/rules/replacement.ts',
    original: '!calls.some(({ registrationSecret }) => registrationSecret === former.registrationSecret)',
    mutant: 'calls.length >= 0',
  },
  {
    name: 'a client of a software statement is replaced before it ended',
    file: 'src/core/rules/replacement.ts',
    original: "return next.type === 'Register' && hasOneByStatement(o) ? endFirst(o, message) : next;",
    mutant: 'return next;',
  },
  {
    name: 'two clients have one ServiceAccount',
    file: 'src/core/workload-account.ts',
    original: 'return isFirst === isSecond ? isEarlierObject(first.object, second.object) : isFirst;',
    mutant: 'return isFirst && !isFirst && isSecond;',
  },
  {
    name: 'the secret of a client that needs none is kept',
    file: 'src/dialects/keycloak-client.ts',
    original:
      "String(authenticator).startsWith('client-secret') && !isPublic ? answer['secret'] : undefined,",
    mutant: "answer['secret'],",
  },
  {
    name: 'a new process tries each credential again',
    file: 'src/core/verification.ts',
    original: 'if (verification?.credential !== credential) {',
    mutant: "if (verification?.credential !== '') {",
  },
  {
    name: 'an answer whose record throws is forgotten',
    file: 'src/controller/durable/recorder.ts',
    original: 'const result = await tryOnce().catch(',
    mutant: 'const result = await tryOnce(); void Promise.reject(THROWN).catch(',
  },
];

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** @returns whether all were found. */
export async function tryMutations(): Promise<boolean> {
  const waiting = [...MUTATIONS];
  const findings = new Map<Mutation, Finding>();
  const work = async () => {
    for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
      const finding = await tryOne(mutation);
      findings.set(mutation, finding);
      console.log(rowOf(mutation, finding));
    }
  };
  console.log(HEAD);
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  if (process.env['UPDATE_SIMULATION'] === '1') {
    const rows = MUTATIONS.map((mutation) => rowOf(mutation, findings.get(mutation)));
    writeToPage('reliability.md', 'mutations', [HEAD, ...rows].join('\n'));
  }
  return MUTATIONS.every((mutation) => findings.get(mutation)?.violation !== undefined);
}

const HEAD = '| Broken operator | What was violated | Lives |\n| --- | --- | --: |';

function rowOf({ name }: Mutation, finding: Finding | undefined): string {
  const what = finding?.violation?.what ?? 'not found out';
  return `| ${name} | ${what.slice(0, LONGEST_SHOWN).replaceAll(/[|\n]/g, ' ')} | ${(finding?.lives ?? 0).toLocaleString('en-US')} |`;
}

const LONGEST_SHOWN = 160;

/** Simulates a copy of the sources with the mutation. */
async function tryOne({ file, original, mutant }: Mutation): Promise<Finding> {
  const copy = await mkdtemp(join(tmpdir(), 'mutation-'));
  try {
    for (const name of ['src', 'test', 'package.json']) {
      await cp(join(ROOT, name), join(copy, name), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const text = await readFile(join(copy, file), 'utf8');
    if (text.split(original).length !== 2) {
      throw new Error(`${file} doesn't have this text exactly once; update the mutation: ${original}`);
    }
    await writeFile(
      join(copy, file),
      text.replace(original, () => mutant),
    );
    return JSON.parse(
      await output(join(copy, 'test', 'proofs', 'simulation', 'first-violation.ts')),
    ) as Finding;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function output(script: string): Promise<string> {
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${script} ended with ${code}`)),
    );
  });
}
