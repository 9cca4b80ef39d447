import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { refusalOf, serviceAt } from './kit/own-service.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

test("M9: the addresses behind Service kubernetes are known as the API server's, and L12: tenants read no more than that", async () => {
  const address = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  expect(address, 'this machine has an address beside loopback').toBeDefined();
  if (address === undefined) {
    return;
  }
  // As an API server with endpoints writes it; the one here leaves that to the test.
  const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
  const slice = await target.admin.request('POST', slices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes' },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address] }],
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
  });
  expect(slice.status).toBe(201);
  await target.pod.kill();
  const tenant = await target.tenant('admin');
  const other = await serviceAt(address);
  const refusal = await refusalOf(tenant, 'api-server', other.url);
  expect(refusal).toMatchObject({ reason: 'AddressRefused' });
  expect(refusal?.['message']).toBe(`the address of ${address} isn't permitted here`);
  expect(other.asked).toEqual([]);
  await expect
    .poll(() => JSON.stringify(target.pod.lines()))
    .toContain(`${address} is the API server's address`);
});

test.each(['https://[fd00:ec2::23]', 'https://[fd00:ec2::254]', 'https://169.254.170.23'])(
  'L6, L12: %s is refused, and the message names no flag',
  async (issuer) => {
    const tenant = await target.tenant('admin');
    expect(await refusalOf(tenant, 'metadata', issuer)).toMatchObject({ reason: 'AddressRefused' });
    expect(await tenant.list('AuthorizationServer').then(JSON.stringify)).not.toContain('--allow');
    expect(
      target.pod
        .lines()
        .map((line) => JSON.stringify(line))
        .filter((line) => line.includes('metadata address'))
        .filter((line) => line.includes('--allow')),
    ).toEqual([]);
  },
);
