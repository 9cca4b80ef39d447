import { CHAINS, type Finding } from '../src/core/plan.ts';

/** Of the reference page: every rule of the plan, in the order in which the rules are asked. */
export function findingsSection(): string {
  const rows = Object.entries<readonly Finding[]>(CHAINS).flatMap(([chain, findings]) =>
    findings.map((finding) => rowOf(chain, finding)),
  );
  return `
## Findings

What the operator finds about a client, in the order in which it looks: the first finding decides, and only then the next
step is planned. At log level debug each line \`step\` names the finding (\`finding\`) and says why (\`message\`).

| Chain | Finding | What is found | What follows |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

const rowOf = (chain: string, { finding, found, follows }: Finding): string =>
  `| ${chain} | \`${finding}\` | ${found} | ${follows} |`;
