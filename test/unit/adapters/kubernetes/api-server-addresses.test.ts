import { describe, expect, it } from 'vitest';
import { findApiServerAddresses } from '../../../../src/adapters/kubernetes/api-server-addresses.ts';
import type { KubernetesApi } from '../../../../src/controller/ports.ts';

const slice = (...addresses: readonly string[]) => ({
  ok: true as const,
  object: { metadata: { name: 'kubernetes' }, endpoints: [{ addresses }, {}] },
});
const forbidden = { ok: false as const, status: 403, reason: 'Forbidden', message: 'no' };

function world(...answers: readonly (ReturnType<typeof slice> | typeof forbidden)[]) {
  const asked: unknown[] = [];
  const told: (object | undefined)[] = [];
  const names: (readonly string[])[] = [];
  const get = async (...call: readonly unknown[]) => {
    asked.push(call);
    return answers[Math.min(asked.length, answers.length) - 1] ?? forbidden;
  };
  const resolve = async () => {
    const found = names.shift();
    if (found === undefined) {
      throw new Error('no such host');
    }
    return found;
  };
  const api = { get } as Pick<KubernetesApi, 'get'>;
  const log = { info: (_message: string, fields?: object) => told.push(fields) };
  return { options: { origin: 'https://kubernetes.default.svc:443', api, log, resolve }, asked, told, names };
}

describe("the API server's addresses", () => {
  it('M9: are those of its host and those behind Service kubernetes, by one get by name', async () => {
    const { options, asked, names } = world(slice('192.168.7.1', '192.168.7.2'));
    names.push(['10.96.0.1']);
    const { current } = await findApiServerAddresses(options);
    expect(current()).toEqual(['10.96.0.1', '192.168.7.1', '192.168.7.2']);
    expect(asked).toMatchObject([
      [{ plural: 'endpointslices' }, { namespace: 'default', name: 'kubernetes' }],
    ]);
  });

  it('are looked up again; the same ones stay the same list', async () => {
    const { options, names } = world(slice('192.168.7.1'), slice('192.168.7.1'), slice('192.168.7.3'));
    names.push(['10.96.0.1'], ['10.96.0.1'], ['10.96.0.1']);
    const { current, look } = await findApiServerAddresses(options);
    const before = current();
    await look();
    expect(current()).toBe(before);
    await look();
    expect(current()).toEqual(['10.96.0.1', '192.168.7.3']);
  });

  it('stay unchanged if the lookup fails, which is logged once', async () => {
    const { options, names, told } = world(slice('192.168.7.1'), forbidden, forbidden);
    names.push(['10.96.0.1']);
    const { current, look } = await findApiServerAddresses(options);
    await look();
    await look();
    expect(current()).toEqual(['10.96.0.1', '192.168.7.1']);
    expect(told).toEqual([{ endpointSlice: 'default/kubernetes', status: 403, reason: 'Forbidden' }]);
  });

  it('are those of the host alone where the account has no right for more', async () => {
    const { options, asked, names, told } = world();
    names.push(['10.96.0.1']);
    const { current } = await findApiServerAddresses({ ...options, api: undefined });
    expect(current()).toEqual(['10.96.0.1']);
    expect([asked, told]).toEqual([[], []]);
  });
});
