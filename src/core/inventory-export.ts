import type { InventoryRow } from './inventory.ts';
import { nextEnd } from './inventory-query.ts';

/** The inventory as a table of texts. A name of a column stays, since people's programs read it. */

type Text = string | undefined;

const COLUMNS: readonly (readonly [name: string, of: (row: InventoryRow, now: number) => Text])[] = [
  ['namespace', ({ namespace }) => namespace],
  ['name', ({ name }) => name],
  ['server', ({ server }) => server],
  ['issuer', ({ issuer }) => issuer],
  ['client_id', ({ clientId }) => clientId],
  ['ready', ({ ready }) => ready],
  ['reason', ({ reason }) => reason],
  ['message', ({ message }) => message],
  ['suspended', ({ suspended }) => String(suspended)],
  ['deleting', ({ deleting }) => String(deleting)],
  ['secret', ({ secretName }) => secretName],
  ['owners', ({ owners }) => owners.join(' ')],
  ['purpose', ({ purpose }) => purpose],
  ['session', ({ session }) => session],
  ['created', ({ createdAt }) => timeText(createdAt)],
  ['registered', ({ registeredAt }) => timeText(registeredAt)],
  ['next_end', (row, now) => nextEnd(row, now)?.what],
  ['next_end_at', (row, now) => timeText(nextEnd(row, now)?.at)],
  ['next_end_renewed', (row, now) => renewedText(nextEnd(row, now)?.isRenewed)],
  ['token_expires', ({ tokenExpiresAt }) => timeText(tokenExpiresAt)],
];

export const EXPORT_COLUMNS: readonly string[] = COLUMNS.map(([name]) => name);

/** One row by {@link EXPORT_COLUMNS}; empty where nothing is known. Times are RFC 3339. */
export const exportedRow = (row: InventoryRow, now: number): readonly string[] =>
  COLUMNS.map(([, of]) => of(row, now) ?? '');

const timeText = (time: number | undefined): Text =>
  time === undefined || Number.isNaN(time) ? undefined : new Date(time).toISOString();

const renewedText = (isRenewed: boolean | undefined): Text =>
  isRenewed === undefined ? undefined : String(isRenewed);
