import { access } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { freePort } from '../../kit/testbed/free-port.ts';
import { startServer, untilServing } from '../../kit/testbed/server-start.ts';

it('shows the end of the log of a server that ended at once, and removes its files', async () => {
  const url = `http://127.0.0.1:${await freePort()}/`;
  let folder = '';
  const started = startServer(async (group) => {
    folder = group.folder;
    await untilServing(await group.start('sample', '/bin/sh', ['-c', 'echo no disk left; exit 1']), url);
  });
  await expect(started).rejects.toThrow('sample ended:\nno disk left');
  await expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('starts again if its port was taken meanwhile, but not without end', async () => {
  const url = `http://127.0.0.1:${await freePort()}/`;
  let attempts = 0;
  const started = startServer(async (group) => {
    attempts += 1;
    const script = 'echo "bind: address already in use"; exit 1';
    await untilServing(await group.start('sample', '/bin/sh', ['-c', script]), url);
  });
  await expect(started).rejects.toThrow('sample ended:\nbind: address already in use');
  expect(attempts).toBe(3);
});
