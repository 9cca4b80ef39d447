import type { Behaviour, Departures } from './behaviour.ts';

/** `behaviour` with the switches of `departures` laid over it, group by group; refusals are laid over one by one. */
export function withDepartures(behaviour: Behaviour, departures: Departures): Behaviour {
  const groups = Object.entries(departures).map(([group, switches]) => [
    group,
    { ...behaviour[group as keyof Behaviour], ...switches },
  ]);
  const refusals = { ...behaviour.errors.refusals, ...departures.errors?.refusals };
  const merged = { ...behaviour, ...Object.fromEntries(groups) } as Behaviour;
  return { ...merged, errors: { ...merged.errors, refusals } };
}
