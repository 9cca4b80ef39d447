import type { InventoryRow, InventoryServer } from '../core/inventory.ts';
import type { OutstandingClient } from '../core/inventory-outstanding.ts';

/** All that the page shows, as far as its reader may see it. */
export interface InventoryView {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When the objects were read from the API server, in milliseconds since the epoch. */
  readonly readAt: number;
  /** From where and with whose rights, as one sentence. */
  readonly source: string;
  readonly rows: readonly InventoryRow[];
  readonly servers: readonly InventoryServer[];
  /** `undefined`: the reader may not see them. */
  readonly outstanding: readonly OutstandingClient[] | undefined;
  /** What the reader may not see, and which right is missing: one sentence each. */
  readonly hidden: readonly string[];
}
