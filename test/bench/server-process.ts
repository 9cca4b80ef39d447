import { startEmulator } from '../kit/emulator/emulator.ts';
import type { Call } from '../kit/emulator/message.ts';

/** The authorization server as a process of its own, started by server.ts and ended with it. */

/** What the process tells once it serves. */
export interface ServerStarted {
  readonly issuer: string;
  readonly registrationEndpoint: string;
  readonly initialAccessToken: string;
}

/** What it answers to any message. */
export interface ServerTally {
  /** How many clients exist. */
  readonly clients: number;
  readonly calls: Readonly<Record<Call, number>>;
}

const emulator = await startEmulator('rfc7591', { gate: { admits: ['fixedToken'] } });

process.on('message', () => {
  const calls: Record<Call, number> = {
    discovery: 0,
    token: 0,
    register: 0,
    read: 0,
    update: 0,
    remove: 0,
    other: 0,
  };
  for (const { call } of emulator.log) {
    calls[call] += 1;
  }
  process.send?.({ clients: emulator.clients().length, calls } satisfies ServerTally);
});
process.once('disconnect', () => process.exit());
process.send?.({
  issuer: emulator.issuer,
  registrationEndpoint: emulator.registrationEndpoint,
  initialAccessToken: emulator.credentials.initialAccessToken,
} satisfies ServerStarted);
