import {
  DOCUMENT_LABEL_VALUES,
  DOCUMENT_METRICS,
  LABEL_VALUES,
  METRICS,
  type MetricRow,
} from '../src/adapters/process/metric-table.ts';
import { CONDITION_TYPES, type ConditionTypeFacts } from '../src/api/condition-types.ts';
import { EVENTS, type EventFacts, type EventReason } from '../src/api/events.ts';
import { LABEL_FACTS, LABELS } from '../src/api/names.ts';
import { REASONS } from '../src/api/reasons.ts';
import type { Share } from '../src/api/share-row.ts';
import { SHARES } from '../src/api/shares.ts';
import { FLAGS } from '../src/config.ts';
import { DOCUMENTS_FLAGS } from '../src/documents-config.ts';
import { MEMBERS, specName } from '../src/oauth/client-metadata.ts';

/** The reference page, made from the tables that the operator itself uses. */
export function referencePage(): string {
  return `# Reference

For application teams, platform teams and people who write alerts.

Generated from the tables in \`src\` by \`npm run generate\`. Every field with its bounds: \`kubectl explain oac.spec --recursive\`.

## Client metadata

The fields of \`spec.client\`: each request member of the IANA registry "OAuth Dynamic Client Registration Metadata". A
field that is not set is not sent; an empty list is sent. For members without a row, use \`additionalMetadata\` with their
wire names; for texts in several languages, use \`localized\`.

| Field | On the wire | Type | Defined by | Meaning |
| --- | --- | --- | --- | --- |
${MEMBERS.map(memberRow).join('\n')}

\\* also in \`localized\`.

## Conditions

Of \`status.conditions\`. Their reasons are below.

| Type | Of | Shown | What True means |
| --- | --- | --- | --- |
${Object.entries(CONDITION_TYPES).map(conditionRow).join('\n')}

## Reasons

Of conditions. They are stable: write alerts against them. Events use some of them, [below](#events).

| Reason | Cause | Cure |
| --- | --- | --- |
${Object.entries(REASONS)
  .map(([reason, { cause, cure }]) => `| \`${reason}\` | ${cause} | ${cure} |`)
  .join('\n')}

## Events

All Events of the operator (\`kubectl get events\`). The same Event is written once in ten minutes, and only so many in one
namespace: [shares](#shares). If the namespace is being deleted, the Event is in the namespace of the operator. An
Event about a ClusterAuthorizationServer is in namespace \`default\` and only refers to its status. A Warning whose message begins with "Client … was not removed" has the reason of the last failed try, whatever the row says.

| Reason | Type | About | When | What to do |
| --- | --- | --- | --- | --- |
${Object.entries(EVENTS).map(eventRow).join('\n')}

## Labels

To select by, or to set. They are stable; other labels on Secrets are the operator's own and can change.

| Label | On | Value |
| --- | --- | --- |
${Object.entries(LABEL_FACTS).map(labelRow).join('\n')}

## Metrics

Of \`/metrics\`. No tenant chooses a label: \`server\` is the name of a ClusterAuthorizationServer, and all AuthorizationServers are
counted together as \`AuthorizationServer\`. \`None\` stands for objects without a server that exists, and for
unregistered clients that wait for something else first, such as suspended ones; \`Other\` for the servers beyond the first ${SHARES.metricLabels.most}. Gauges of clients and servers are shown by the Pod that leads. Beside these are the
metrics of the process and of Node.js (\`process_…\`, \`nodejs_…\`). Alerts on them: [alerts.md](alerts.md).

| Metric | Type | Labels | Question | Meaning |
| --- | --- | --- | --- | --- |
${Object.entries(METRICS).map(metricRow).join('\n')}

Values of labels that come from a fixed list:

| Metric | Label | Values |
| --- | --- | --- |
${Object.entries(LABEL_VALUES).flatMap(labelValueRows).join('\n')}

Of \`/metrics\` of \`oauth-registrar documents\`, which serves the [documents](documents.md) of clients. No label names a
client. Beside these are the metrics of the process and of Node.js:

| Metric | Type | Labels | Question | Meaning |
| --- | --- | --- | --- | --- |
${Object.entries(DOCUMENT_METRICS).map(metricRow).join('\n')}

| Metric | Label | Values |
| --- | --- | --- |
${Object.entries(DOCUMENT_LABEL_VALUES).flatMap(labelValueRows).join('\n')}

## Flags

Of the operator, in \`args\` of its Deployment; \`oauth-registrar --help\` prints the same. A flag with several values is given
several times, or once with commas. Also read: \`HTTPS_PROXY\`, \`HTTP_PROXY\` and \`NO_PROXY\`, in upper or lower case.

| Flag | Meaning |
| --- | --- |
${flagRows(FLAGS)}

Of \`oauth-registrar documents\`, in \`args\` of Deployment \`oauth-registrar-documents\` after \`documents\`;
\`oauth-registrar documents --help\` prints the same:

| Flag | Meaning |
| --- | --- |
${flagRows(DOCUMENTS_FLAGS)}

## Shares

What tenants share is bounded for each of them, so that none can take what another needs. Deletions go on whatever is full.

| What | At most | For each | When it is reached |
| --- | --- | --- | --- |
${Object.values(SHARES)
  .map(({ what, most, unit, per, reported }: Share) => `| ${what} | ${most} ${unit} | ${per} | ${reported} |`)
  .join('\n')}
`;
}

const flagRows = (flags: Readonly<Record<string, { readonly help: string }>>): string =>
  Object.entries(flags)
    .map(([name, { help }]) => `| \`--${name}\` | ${help} |`)
    .join('\n');

function memberRow(member: (typeof MEMBERS)[number]): string {
  const { wire, type, source, description } = member;
  const star = 'localizable' in member ? ' \\*' : '';
  return `| \`${specName(wire)}\`${star} | \`${wire}\` | ${type} | ${source} | ${description} |`;
}

const SHOWN: Readonly<Record<ConditionTypeFacts['shown'], string>> = {
  Always: 'always',
  WhileTrue: 'only while True',
  WhereAsked: 'where the server object asks for it',
};

function conditionRow([type, { of, shown, meaning }]: [string, ConditionTypeFacts]): string {
  const kinds = of.map((kind) => `\`${kind}\``).join(', ');
  return `| \`${type}\` | ${kinds} | ${SHOWN[shown]} | ${meaning} |`;
}

function eventRow([reason, { type, of, when, cure }]: [string, EventFacts]): string {
  const kinds = of.map((kind) => `\`${kind}\``).join(', ');
  return `| \`${reason}\` | ${type} | ${kinds} | ${when} | ${cure ?? REASONS[reason as EventReason].cure} |`;
}

const labelRow = ([name, { on, value }]: [string, { on: string; value: string }]): string =>
  `| \`${LABELS[name as keyof typeof LABELS]}\` | ${on} | ${value} |`;

function metricRow([name, { type, labels, help, answers }]: [string, MetricRow]): string {
  const names = labels.map((label) => `\`${label}\``).join(', ');
  return `| \`${name}\` | ${type} | ${names || '—'} | ${answers} | ${help} |`;
}

/** The reasons have a table of their own. */
const labelValueRows = ([name, labels]: [string, Readonly<Record<string, readonly string[]>>]) =>
  Object.entries(labels).map(([label, values]) => {
    const shown =
      label === 'reason'
        ? 'one of the [reasons](#reasons)'
        : values.map((value) => `\`${value}\``).join(', ');
    return `| \`${name}\` | \`${label}\` | ${shown} |`;
  });
