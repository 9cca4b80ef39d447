import type { Log } from '../controller/ports.ts';

const nothing = () => undefined;

/** For parts of the operator that write a log: the plugin prints what people need to know by itself. */
export const SILENT_LOG: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
