import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { conditionOf, ownServer, type SeenObject } from './objects.ts';
import type { Tenant } from './target.ts';

/** HTTP services at chosen addresses, and the status of server objects that name one. */

export interface OwnService {
  /** Method and path of all requests so far. */
  readonly asked: readonly string[];
  readonly url: string;
}

/** Listens until the test ends; answers every request with an empty JSON object. */
export async function serviceAt(address: string): Promise<OwnService> {
  const asked: string[] = [];
  const service = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('{}');
  });
  onTestFinished(() => void service.close());
  await new Promise<void>((resolve, reject) => {
    service.once('error', reject).listen(0, address, resolve);
  });
  return { asked, url: `http://${address}:${(service.address() as AddressInfo).port}` };
}

/** Creates a server object of a tenant. Returns its condition Ready when the operator has reconciled it. */
export async function refusalOf(
  tenant: Tenant,
  name: string,
  issuer: string,
): Promise<ReturnType<typeof conditionOf>> {
  const isLookedAt = (object: SeenObject | undefined) =>
    ['True', 'False'].includes(conditionOf(object, 'Ready')?.['status']);
  await tenant.createOrFail(ownServer(name, issuer));
  return conditionOf(await tenant.until('AuthorizationServer', name, isLookedAt), 'Ready');
}
