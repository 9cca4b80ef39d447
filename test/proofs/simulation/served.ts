import { toDocumentObject } from '../../../src/core/served-document.ts';
import { parseJsonObject } from '../../../src/oauth/json.ts';
import type { Change, Stored } from '../../kit/fakes/cluster.ts';
import { pathOf } from './authorization-server.ts';
import { DOCUMENTS_NAMESPACE } from './documents.ts';
import { noClientInUseEnds } from './in-use.ts';
import { records } from './knowledge.ts';
import { keptSet } from './snapshot.ts';
import { conditionOf } from './users.ts';
import type { World } from './world.ts';

/** Documents of clients: none comes back under its path, and status says of none that it is served before it is. */

const liveUrl = (object: Stored | undefined): string | undefined => {
  const served = object && toDocumentObject(object).served;
  const name = parseJsonObject(served?.body ?? '')?.['client_name'];
  return name === 'Withdrawn' ? undefined : served?.url;
};

export class ServedDocuments {
  /** Without those of interrupted registrations: nobody was told of their URLs, so a journal that comes back may have one again. */
  readonly #ended = new Set<string>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    world.parts.push(() => keptSet(this.#ended));
  }

  changed({ kind, before, after }: Change): void {
    if (kind === 'OAuthClient') {
      this.#told(before, after);
    }
    if (kind !== 'ConfigMap' || (after ?? before)?.metadata.namespace !== DOCUMENTS_NAMESPACE) {
      return;
    }
    const [was, is] = [liveUrl(before), liveUrl(after)];
    if (is !== undefined && this.#ended.has(is)) {
      this.#world.violated(`the document ${is} was ended, and is served again`);
    }
    if (was !== undefined && is === undefined) {
      if (records(this.#world).some(({ clientId }) => clientId === was)) {
        this.#ended.add(was);
      }
      noClientInUseEnds(this.#world, was);
    }
  }

  /** What a process wrote into status just now is true of the public URL. */
  #told(before: Stored | undefined, after: Stored | undefined): void {
    const told = after && conditionOf(after, 'DocumentServed');
    const isNews = before === undefined || before.status?.['conditions'] !== after?.status?.['conditions'];
    const url = String(after?.status?.['clientId'] ?? '');
    const served = this.#world.server.answered.get(pathOf(url));
    const wanted = this.#world.server.documents.get(pathOf(url));
    if (isNews && told?.status === 'True' && (served === undefined || served !== wanted)) {
      this.#world.violated(`${after?.metadata.name} says that ${url} is served, and that is not so`);
    }
  }
}

/** Each document that is there, a withdrawn one as well, is of a recorded client. */
export function checkDocuments(world: World): void {
  const urls = new Set(records(world).map(({ clientId }) => pathOf(clientId)));
  for (const path of world.server.documents.keys()) {
    if (!urls.has(path) && !urls.has(path.replace(/\/jwks$/, ''))) {
      world.violated(`the document ${path} stays for ever`);
    }
  }
}
