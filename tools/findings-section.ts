import { CHAINS, type Finding } from '../src/core/plan.ts';

/** Section of the reference page: every rule of the plan, in the order in which they are asked. */
export function findingsSection(): string {
  const rows = Object.entries<readonly Finding[]>(CHAINS).flatMap(([chain, findings]) =>
    findings.map((finding) => rowOf(chain, finding)),
  );
  return `
## Findings

What the operator can find about a client, in the order in which it looks. The first finding decides what is done next. At
log level debug, each line \`step\` has the finding (\`finding\`) and the reason in one sentence (\`message\`).

| Chain | Finding | What is found | What follows |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

const rowOf = (chain: string, { finding, found, follows }: Finding): string =>
  `| ${chain} | \`${finding}\` | ${found} | ${follows} |`;
