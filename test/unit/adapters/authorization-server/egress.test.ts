import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import {
  AddressRefusedError,
  createEgressGuard,
  createEgressGuards,
  type ResolveAll,
} from '../../../../src/adapters/authorization-server/egress.ts';

const resolvesTo =
  (...addresses: readonly string[]): ResolveAll =>
  (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

const lookUp = (resolve: ResolveAll, all: boolean) => {
  const { promise, resolve: done } = Promise.withResolvers<{ error: Error | null; found: unknown }>();
  const guard = createEgressGuard({ allowed: [], resolve });
  guard.lookup('as.example', { all }, (error: Error | null, found: string | LookupAddress[]) =>
    done({ error, found }),
  );
  return promise;
};

describe('check', () => {
  it.each([
    ['127.0.0.1', 'a loopback address'],
    ['127.255.1.2', 'a loopback address'],
    ['::1', 'a loopback address'],
    ['[::1]', 'a loopback address'],
    ['0:0:0:0:0:0:0:1', 'a loopback address'],
    ['0.0.0.0', 'an unspecified address'],
    ['0.1.2.3', 'an unspecified address'],
    ['::', 'an unspecified address'],
    ['224.0.0.1', 'a multicast address'],
    ['ff02::1', 'a multicast address'],
    ['255.255.255.255', 'the broadcast address'],
    ['::ffff:127.0.0.1', 'a loopback address'],
    ['::ffff:7f00:1', 'a loopback address'],
    ['::127.0.0.1', 'a loopback address'],
    ['::ffff:0:127.0.0.1', 'a loopback address'],
    ['64:ff9b:1::7f00:1', 'a loopback address'],
    ['2002:7f00:1::', 'a loopback address'],
  ])('refuses %s as %s and names the flag, to the platform team', (address, name) => {
    const plain = address.replace(/[[\]]|%.*/g, '');
    expect(createEgressGuard({ allowed: [] }).check(address)).toEqual({
      allowed: false,
      why: `${plain} is ${name}; start the operator with --allow-addresses=${plain} to permit it`,
    });
  });

  it.each([
    '169.254.169.254',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    '64:ff9b::a9fe:a9fe',
    'fd00:ec2::23',
    'fd00:ec2:ffff::1',
    '169.254.170.2',
    '169.254.170.23',
    '::ffff:169.254.170.23',
    'fe80::a9fe:a9fe',
    '169.254.0.23',
    '169.254.42.42',
    'fd00:42::42',
    '::ffff:169.254.42.42',
  ])('L6, L12: refuses the metadata address %s and offers no flag', (address) => {
    expect(createEgressGuard({ allowed: [] }).check(address)).toEqual({
      allowed: false,
      why: `${address} is a cloud metadata address`,
    });
  });

  it.each(['169.254.7.7', 'fe80::1', 'fe80::1%eth0', '::ffff:169.254.7.7'])(
    'L12: refuses the link-local address %s and offers no flag, since clouds serve metadata in that range',
    (address) => {
      const plain = address.replace(/%.*/, '');
      expect(createEgressGuard({ allowed: [] }).check(address)).toEqual({
        allowed: false,
        why: `${plain} is a link-local address`,
      });
      expect(createEgressGuard({ allowed: [plain] }).check(address).allowed).toBe(true);
    },
  );

  it('L12: no flag that is offered for one address permits another, least of all a metadata address', () => {
    const verdict = createEgressGuard({ allowed: [] }).check('127.0.0.7');
    const [, offered = ''] = /--allow-addresses=(\S+)/.exec(verdict.allowed ? '' : verdict.why) ?? [];
    const guard = createEgressGuard({ allowed: [offered] });
    expect(guard.check('127.0.0.7').allowed).toBe(true);
    expect(guard.check('169.254.169.254').allowed).toBe(false);
    expect(guard.check('127.0.0.8').allowed).toBe(false);
  });

  it('L12: offers no flag for a metadata address that is also an address of the API server', () => {
    const guard = createEgressGuard({ allowed: [], apiServer: () => ['fd00:ec2::23', '169.254.7.7'] });
    const why = (address: string) => {
      const verdict = guard.check(address);
      return verdict.allowed ? undefined : verdict.why;
    };
    expect(why('fd00:ec2::23')).toBe('fd00:ec2::23 is a cloud metadata address');
    expect(why('169.254.7.7')).toBe("169.254.7.7 is the API server's address");
  });

  it.each([
    '0.0.0.0/0',
    '169.254.0.0/16',
    '169.254.0.0/17',
    '::/0',
    '::ffff:0:0/96',
    'fd00::/8',
    'fe80::/10',
  ])('lets no entry as wide as %s permit a metadata address by chance', (allowed) => {
    const guard = createEgressGuard({ allowed: [allowed] });
    expect(guard.check('169.254.169.254').allowed).toBe(false);
    expect(guard.check('::ffff:169.254.169.254').allowed).toBe(false);
    expect(guard.check('fd00:ec2::254').allowed).toBe(false);
    expect(guard.check('169.254.0.23').allowed).toBe(false);
    expect(guard.check('fe80::a9fe:a9fe').allowed).toBe(false);
  });

  it.each([
    '10.0.0.1',
    '172.16.5.5',
    '192.168.1.1',
    'fc00::1',
    'fd12:3456::1',
    '8.8.8.8',
    '2606:4700::1111',
    '::ffff:10.0.0.1',
    '64:ff9b::808:808',
    '2002:808:808::1',
    '126.255.255.255',
    '128.0.0.1',
  ])('permits %s', (address) => {
    expect(createEgressGuard({ allowed: [] }).check(address)).toEqual({ allowed: true });
  });

  it.each(['localhost', '', '127.1', '2130706433', '127.0.0.1:80'])(
    'refuses %j, which is no address',
    (host) => {
      expect(createEgressGuard({ allowed: [] }).check(host)).toEqual({
        allowed: false,
        why: 'the host is not an IP address',
      });
    },
  );

  it.each([
    ['127.0.0.0/8', '127.0.0.1'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.0/8', '::ffff:127.0.0.1'],
    ['::1', '::1'],
    ['169.254.169.254', '169.254.169.254'],
    ['10.96.0.0/16', '10.96.0.1'],
  ])('lets the allowed %s win over the refusal of %s', (allowed, address) => {
    const guard = createEgressGuard({ allowed: [allowed], apiServer: () => ['10.96.0.1'] });
    expect(guard.check(address)).toEqual({ allowed: true });
  });

  it('permits no more than the allowed range', () => {
    expect(createEgressGuard({ allowed: ['127.0.0.1'] }).check('127.0.0.2').allowed).toBe(false);
  });

  it("refuses the API server's addresses as they are at the moment, in IPv6 disguise and any spelling", () => {
    let known: readonly string[] = ['10.96.0.1', 'fd00:96:0::1'];
    const guard = createEgressGuard({ allowed: [], apiServer: () => known });
    const why =
      "10.96.0.1 is the API server's address; start the operator with --allow-addresses=10.96.0.1 to permit it";
    expect(guard.check('10.96.0.1')).toEqual({ allowed: false, why });
    expect(guard.check('::ffff:10.96.0.1').allowed).toBe(false);
    expect(guard.check('fd00:96::1').allowed).toBe(false);
    expect(guard.check('10.96.0.2').allowed).toBe(true);
    known = ['10.96.0.2'];
    expect(guard.check('10.96.0.1').allowed).toBe(true);
    expect(guard.check('10.96.0.2').allowed).toBe(false);
  });

  it('M9: refuses what --refuse-addresses names to AuthorizationServers, in IPv6 disguise too', () => {
    const guards = createEgressGuards({ allowed: [], refused: ['10.96.0.0/12', 'fd00:10::/64'] });
    expect(guards.AuthorizationServer.check('10.100.0.7')).toEqual({
      allowed: false,
      why: '10.100.0.7 is among those that --refuse-addresses refuses to AuthorizationServers',
    });
    expect(guards.AuthorizationServer.check('::ffff:10.100.0.7').allowed).toBe(false);
    expect(guards.AuthorizationServer.check('fd00:10::7').allowed).toBe(false);
    expect(guards.AuthorizationServer.check('10.1.0.7').allowed).toBe(true);
    expect(guards.ClusterAuthorizationServer.check('10.100.0.7').allowed).toBe(true);
  });

  it.each([
    ['127.0.0.0/8', '127.0.0.9/32', '127.0.0.9', false],
    ['127.0.0.9', '127.0.0.0/8', '127.0.0.9', true],
    ['10.0.0.0/8', '10.0.0.0/8', '10.0.0.9', false],
    ['::1', '::/0', '::1', true],
  ])(
    'of the allowed %s and the refused %s the narrower decides on %s',
    (allowed, refused, address, isPermitted) => {
      const guard = createEgressGuard({ allowed: [allowed], refused: [refused] });
      expect(guard.check(address).allowed).toBe(isPermitted);
    },
  );

  it.each(['127.0.0.300/8', '127.0.0.0/33', '::/129', '127.0.0.0/', '127.0.0.0/8/8', 'localhost', ''])(
    'throws for the entry %j',
    (entry) => {
      const sentence = `"${entry}" is neither an IP address nor a CIDR such as 127.0.0.0/8`;
      expect(() => createEgressGuard({ allowed: [entry] })).toThrow(new RangeError(sentence));
    },
  );
});

describe('refusal', () => {
  const { refusal } = createEgressGuard({ allowed: ['10.0.0.0/8'], refused: ['192.168.0.1/32'] });

  it.each(['127.0.0.1', '[::1]', '::1', '192.168.0.1', '[fe80::1]'])('is an error for %s', (literal) => {
    expect(refusal(literal)).toBeInstanceOf(AddressRefusedError);
    expect(refusal(literal)?.message).toMatch(/^the address of [^[\]]+ isn't permitted here$/);
  });

  it.each(['10.0.0.1', '8.8.8.8', '[2606:4700::1]', 'as.example', 'localhost', ''])(
    'is none for %j',
    (host) => {
      expect(refusal(host)).toBeUndefined();
    },
  );
});

describe('lookup', () => {
  it('drops refused addresses and keeps the order of the others', async () => {
    const { error, found } = await lookUp(resolvesTo('127.0.0.1', '10.0.0.2', '::1', '10.0.0.1'), true);
    expect(error).toBeNull();
    expect(found).toEqual([
      { address: '10.0.0.2', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]);
  });

  it('answers one permitted address where one is asked for', async () => {
    expect(await lookUp(resolvesTo('127.0.0.1', '10.0.0.2'), false)).toEqual({
      error: null,
      found: '10.0.0.2',
    });
  });

  it('refuses a name that has refused addresses only', async () => {
    const { error } = await lookUp(resolvesTo('127.0.0.1', '::1'), true);
    expect(error).toBeInstanceOf(AddressRefusedError);
    expect(error?.message).toBe("the address of as.example isn't permitted here");
    expect(error).toHaveProperty('why', expect.stringMatching(/^127\.0\.0\.1 is a loopback address; /));
  });

  it('reports a name without addresses as not found', async () => {
    const { error } = await lookUp(resolvesTo(), true);
    expect(error).toMatchObject({ code: 'ENOTFOUND', message: 'as.example has no address' });
  });

  it("passes the resolver's error on", async () => {
    const failure = Object.assign(new Error('no'), { code: 'EAI_AGAIN' });
    const { error } = await lookUp((_hostname, _options, callback) => callback(failure, []), true);
    expect(error).toBe(failure);
  });
});
