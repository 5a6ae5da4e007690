/**
 * An endpoint that stands for a vendor's: over files and raw windows on them, without `query-qmp-schema`, written
 * without regard to the reference. It speaks QMP on standard input and output.
 *
 *     node main.js [--socket PATH] [--profile stratovirt] [--mistake NAME,NAME…]
 *
 * With `--socket`, which may be given more than once, each is a monitor that takes one client after another.
 */
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { addCommands } from './commands.ts';
import { likeStratoVirt, plant } from './mistakes.ts';
import { Session } from './session.ts';
import { Vmm } from './vmm.ts';

const { values } = parseArgs({
  options: {
    socket: { type: 'string', multiple: true, default: [] },
    profile: { type: 'string' },
    mistake: { type: 'string', default: '' },
  },
});

const vmm = new Vmm(() => setImmediate(leave, 0));
addCommands(vmm);
if (values.profile === 'stratovirt') likeStratoVirt(vmm);
plant(vmm, values.mistake.split(',').filter(Boolean));

if (values.socket.length === 0) {
  const session = new Session(vmm, (text) => process.stdout.write(text));
  process.stdin.on('data', (bytes) => session.received(bytes));
  process.stdin.on('end', () => leave(0));
} else {
  for (const path of values.socket) listen(path);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => leave(0));
}

function listen(path: string): void {
  const clients: Socket[] = [];
  const serveFirst = (): void => {
    const client = clients[0];
    if (client === undefined) return;
    const session = new Session(vmm, (text) => client.write(text));
    client.on('data', (bytes) => session.received(bytes));
    client.on('close', () => session.ended());
  };
  rmSync(path, { force: true });
  createServer((client) => {
    client.on('error', () => undefined);
    client.on('close', () => {
      const place = clients.indexOf(client);
      clients.splice(place, 1);
      if (place === 0) serveFirst();
    });
    clients.push(client);
    if (clients.length === 1) serveFirst();
  }).listen(path);
}

function leave(code: number): void {
  for (const path of values.socket) rmSync(path, { force: true });
  process.exit(code);
}
