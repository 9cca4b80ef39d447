import { join } from 'node:path';
import { type Document, parseAllDocuments } from 'yaml';
import type { Testbed } from '../testbed/testbed.ts';

/** `deploy/samples`, with this demo's issuer and initial access token in place of the placeholders. */
export interface Sample {
  /** All objects, as YAML. Holds the token. */
  readonly yaml: string;
  readonly namespace: string;
  /** Of the OAuthClient. */
  readonly name: string;
  /** Name of the Secret that workloads mount. */
  readonly secretName: string;
  /** A second OAuthClient beside the first, as YAML. */
  readonly secondClient: string;
}

const SAMPLES = join(import.meta.dirname, '..', '..', '..', 'deploy', 'samples');
const SECOND = 'reports';

/** Throws where the samples lack one of the objects that the demo is about. */
export async function renderSample(testbed: Testbed): Promise<Sample> {
  // Rendered, then changed: an overlay outside the repository could only refer to it by a long relative path.
  const documents = parseAllDocuments(await testbed.kubectl('kustomize', SAMPLES)) as readonly Document[];
  const client = only(documents, 'OAuthClient');
  put(only(documents, 'ClusterAuthorizationServer'), ['spec', 'issuer'], testbed.server.issuer);
  put(only(documents, 'Secret'), ['stringData', 'token'], testbed.server.initialAccessToken ?? '');
  return {
    yaml: documents.map(String).join('---\n'),
    namespace: text(client, ['metadata', 'namespace']),
    name: text(client, ['metadata', 'name']),
    secretName: text(client, ['spec', 'secret', 'name']),
    secondClient: secondClient(client),
  };
}

function secondClient(first: Document): string {
  const second = first.clone();
  put(second, ['metadata', 'name'], SECOND);
  put(second, ['spec', 'client', 'clientName'], 'Reports');
  put(second, ['spec', 'secret', 'name'], `${SECOND}-oauth`);
  return String(second).replace(/^---\n/, '');
}

function only(documents: readonly Document[], kind: string): Document {
  const [found, ...others] = documents.filter((document) => document.get('kind') === kind);
  if (found === undefined || others.length > 0) {
    throw new Error(`deploy/samples has ${others.length === 0 ? 'no' : 'more than one'} ${kind}`);
  }
  return found;
}

function put(document: Document, path: readonly string[], value: string): void {
  text(document, path);
  document.setIn(path, value);
}

function text(document: Document, path: readonly string[]): string {
  const value = document.getIn(path);
  if (typeof value !== 'string') {
    throw new Error(`${document.get('kind')} in deploy/samples has no ${path.join('.')}`);
  }
  return value;
}
