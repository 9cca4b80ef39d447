import { live } from './life.ts';
import { liveAtRandom, liveWith, ROTATING, randomLife, STEADY } from './lives.ts';

const mode = process.argv[2];
if (mode === 'one') {
  const h: string[] = [];
  const seed = Number(process.argv[3]);
  console.log(JSON.stringify(randomLife(seed).conditions));
  const l = await liveAtRandom(seed, h);
  console.log(h.join('\n'));
  console.log(l.violations, l.counts, l.points);
} else if (mode === 'crash') {
  const at = (process.argv[4] ?? '1').split(',').map(Number);
  const h: string[] = [];
  const { WHOLE_LIFE } = await import('./lives.ts');
  const { CALM } = await import('./world.ts');
  const kind = process.argv[3] === 'r' ? ROTATING : STEADY;
  const l = await live(
    {
      seed: 1,
      weather: CALM,
      ...kind,
      crashes: at.map((n) => ({
        at: n,
        when: (process.argv[5] ?? 'after') as 'after',
        journal: (process.argv[6] ?? 'kept') as 'kept',
      })),
      leadChanges: [],
      strictLease: true,
    },
    WHOLE_LIFE,
    h,
  );
  console.log(h.join('\n'));
  console.log(l.violations);
} else if (mode === 'single') {
  for (const kind of [STEADY, ROTATING]) {
    const base = await liveWith(kind, []);
    let n = 0;
    const bad = new Map<string, string[]>();
    for (let at = 1; at <= base.points + 10; at++)
      for (const when of ['before', 'after'] as const)
        for (const journal of ['kept', 'lost'] as const) {
          const l = await liveWith(kind, [{ at, when, journal }]);
          n++;
          for (const v of l.violations) {
            const k = v.replace(/[a-z0-9]{10}|c\d+|\d{4}-\S+Z/g, '…');
            bad.set(k, [...(bad.get(k) ?? []), `${at} ${when} ${journal}`]);
          }
        }
    console.log(n, 'lives');
    for (const [k, v] of bad) console.log(v.length, k, '\n    ', v.slice(0, 12).join('; '));
  }
} else {
  const [from, count] = [Number(process.argv[3] ?? 1), Number(process.argv[4] ?? 500)];
  const t = performance.now();
  const bad = new Map<string, number[]>();
  let slow = 0,
    slowest = 0;
  const c = { crash: 0, fault: 0, lead: 0 };
  let points = 0;
  for (let s = from; s < from + count; s++) {
    const t1 = performance.now();
    const l = await liveAtRandom(s);
    points += l.points;
    for (const k of ['crash', 'fault', 'lead'] as const) c[k] += l.counts[k];
    const d = performance.now() - t1;
    if (d > slow) {
      slow = d;
      slowest = s;
    }
    for (const v of l.violations) {
      const k = v
        .replace(/[a-z0-9]{10}/g, '…')
        .replace(/\bc\d+/g, 'c…')
        .replace(/\d{4}-\S+Z/g, 'T')
        .replace(/storefront|basket|search/g, 'X')
        .replace(/oauthclient-\d+/g, 'uid')
        .replace(/pod-\S+/g, 'pod')
        .slice(0, 260);
      bad.set(k, [...(bad.get(k) ?? []), s]);
    }
  }
  const sec = (performance.now() - t) / 1000;
  console.log(
    count,
    'lives',
    (count / sec).toFixed(0),
    '/s',
    c,
    points,
    'points; slowest',
    slowest,
    slow.toFixed(0),
    'ms',
  );
  for (const [k, v] of [...bad].sort((a, b) => b[1].length - a[1].length))
    console.log(v.length, k, '\n     seeds', v.slice(0, 8).join(' '));
}
