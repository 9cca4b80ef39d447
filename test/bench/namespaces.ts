/** The namespaces that have clients; clients are spread over them. */
export const NAMESPACES = ['bench-0', 'bench-1', 'bench-2', 'bench-3'] as const;
