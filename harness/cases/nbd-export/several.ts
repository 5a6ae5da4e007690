/** Several exports and clients of one server: each is served as its own export says, whatever becomes of the others. */
import { setTimeout } from 'node:timers/promises';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, makeEmpty } from '../helpers/backing-chains.ts';
import { startNbdServer } from '../helpers/node-io.ts';
import {
  Chunk,
  NbdCommand as Command,
  NbdOption,
  OptionReply as Reply,
} from '../helpers/peers/nbd-numbers.ts';
import { greetingAt, infoRequest, NbdVisitor } from '../helpers/peers/nbd-visitor.ts';
import { addRaw, type CaseFile, KiB, needs } from '../helpers/shared-setup.ts';
import { chosen, listed, serverNeeds, types } from './exports.ts';

const UNIT = 512;
/** Bytes of the longest name. */
const MAX_NAME = 4096;
/** More clients than servers let in at a time. */
const MANY = 110;

/** A client that stays, and what it is served. */
interface Guest {
  readonly name: string;
  readonly visitor: NbdVisitor;
  readonly structured: boolean;
  readonly byte: number;
}

/** A server with what a case knows of it. */
class Scene {
  readonly #t: CaseContext;
  readonly #socket: CaseFile;
  readonly names: Set<string>;
  guests: Guest[] = [];

  constructor(t: CaseContext, socket: CaseFile, names: readonly string[]) {
    this.#t = t;
    this.#socket = socket;
    this.names = new Set(names);
  }

  async join(name: string, byte: number, structured = false): Promise<Guest> {
    const visitor = await NbdVisitor.enter(this.#t, this.#socket.local, name, { structured });
    const guest = { name, visitor, structured, byte };
    this.guests.push(guest);
    return guest;
  }

  /** States that each client is served, and that the exports are those that were made, and let clients in. */
  async check(after: string): Promise<void> {
    const t: CaseContext = this.#t;
    for (const { name, visitor, structured, byte } of this.guests) {
      const request = { type: Command.read, length: UNIT };
      let data: Buffer | undefined;
      if (structured) {
        const chunks = await visitor.chunks(request);
        if (chunks[0]?.type === Chunk.data) data = chunks[0].body.subarray(8);
      } else data = (await visitor.request(request)).data;
      t.check(
        data?.length === UNIT && data.every((one) => one === byte),
        `after ${after} a client of '${name}' must be served as before`,
        'it is not',
      );
    }
    const visitor = await NbdVisitor.open(t, this.#socket.local);
    t.equal(
      await listed(visitor),
      [...this.names].toSorted(),
      `after ${after} the exports must be those that were made`,
    );
    for (const name of this.names)
      t.equal(
        types(await visitor.option(NbdOption.info, infoRequest(name))).at(-1) ?? null,
        Reply.ack,
        `after ${after} every export must be to be had`,
      );
    visitor.say(NbdOption.abort, Buffer.alloc(0));
  }
}

/** What an export is told to be: its length, and whether it is read-only. */
async function told(t: CaseContext, { local }: CaseFile, name: string): Promise<[number, boolean]> {
  const visitor = await NbdVisitor.open(t, local);
  const found = await chosen(visitor, name);
  visitor.begin({ type: Command.disconnect });
  return found;
}

const start = (path: string, more: JsonObject = {}): JsonObject => ({
  addr: { type: 'unix', data: { path } },
  ...more,
});

/** The command that exports a node under a name, which later is not the export's id, so that it may be any. */
function exporting(t: CaseContext, device: string, name: string): [command: string, args: JsonObject] {
  const made = { type: 'nbd', id: t.name('export'), 'node-name': device, name };
  return t.endpointSchema.commands.has('block-export-add')
    ? ['block-export-add', made]
    : ['nbd-server-add', { device, name }];
}

/** Real time for a server to let its clients go; only one that waits for them takes as long. */
const PATIENCE_MS = 5_000;

export const severalExports: readonly CaseDefinition[] = [
  {
    id: 'nbd-export/refusals-change-nothing',
    title:
      'Whatever the server refuses, its clients are served as before, and its exports let further ones in',
    requirements: ['nbd-server-start/once', 'nbd-server-add/name-taken', 'nbd-server-remove/safe'],
    needs: needs(serverNeeds, { members: ['nbd-server-remove.mode'], drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const { name: one } = await addRaw(t, Buffer.alloc(64 * KiB, 0x11));
      const { name: two } = await addRaw(t, Buffer.alloc(32 * KiB, 0x22));
      const held = t.name('held');
      const image = await makeEmpty(t);
      await addQcow2(t, image, { file: { driver: 'file', filename: image.path, 'node-name': held } });
      const socket = await startNbdServer(t);
      await t.execute('nbd-server-add', { device: one, name: 'a', writable: true });
      await t.execute('nbd-server-add', { device: one, name: 'b' });
      const scene = new Scene(t, socket, ['a', 'b']);
      await scene.join('a', 0x11, true);
      await scene.join('a', 0x11);
      await scene.join('b', 0x11);
      await scene.check('clients came');
      for (const [command, args] of [
        ['nbd-server-start', start(socket.path)],
        ['nbd-server-start', start(`${t.dir}/${t.name('other')}`)],
        ['nbd-server-start', start(socket.path, { 'tls-creds': 'none' })],
        ['nbd-server-add', { device: two, name: 'a' }],
        ['nbd-server-add', { device: one, name: 'b', writable: true }],
        ['nbd-server-add', { device: t.name('none'), name: 'c' }],
        ['nbd-server-add', { device: held, name: 'c', writable: true }],
        ['nbd-server-remove', { name: 'a' }],
        ['nbd-server-remove', { name: 'b', mode: 'safe' }],
        ['nbd-server-remove', { name: 'none', mode: 'hard' }],
        ['blockdev-del', { 'node-name': one }],
      ] as const) {
        await t.refused(command, args);
        await scene.check(`${command} was refused`);
      }
      t.equal(await told(t, socket, 'a'), [64 * KiB, false], 'an export must be as it was made');
      t.equal(await told(t, socket, 'b'), [64 * KiB, true], 'an export must be as it was made');
      await t.execute('nbd-server-add', { device: two, name: 'c' });
      t.equal(await told(t, socket, 'c'), [32 * KiB, true], 'a name must be free that was refused');
    },
  },
  {
    id: 'nbd-export/each-by-itself',
    title: 'An export that goes takes its own clients along only; one of its name is what it is made anew',
    requirements: ['nbd-server-remove/hard', 'nbd-server-start/serves', 'nbd-server-stop/stops'],
    needs: needs(serverNeeds, { members: ['nbd-server-remove.mode'] }),
    async run(t: CaseContext) {
      const { name: one } = await addRaw(t, Buffer.alloc(64 * KiB, 0x11));
      const { name: two } = await addRaw(t, Buffer.alloc(32 * KiB, 0x22));
      const socket = await startNbdServer(t);
      const scene = new Scene(t, socket, []);
      const add = async (device: string, name: string, writable: boolean): Promise<void> => {
        await t.execute('nbd-server-add', { device, name, writable });
        scene.names.add(name);
      };
      // Who haggles still hears of what is added and removed meanwhile.
      const early = await NbdVisitor.open(t, socket.local);
      await add(one, 'a', true);
      await add(one, 'b', false);
      await add(two, 'c', true);
      await scene.join('a', 0x11);
      const going = await scene.join('b', 0x11);
      await scene.join('c', 0x22, true);
      await scene.check('exports were added');
      await t.execute('nbd-server-remove', { name: 'b', mode: 'hard' });
      scene.names.delete('b');
      scene.guests = scene.guests.filter((guest) => guest !== going);
      await going.visitor.checkEnds('the removal of its export');
      await scene.check('one was removed');
      t.equal(
        types(await early.option(NbdOption.info, infoRequest('b'))),
        [Reply.unknown],
        'an export that was removed must not be to be had',
      );
      await add(two, 'b', true);
      await scene.check('one of its name was added');
      t.equal(await told(t, socket, 'b'), [32 * KiB, false], 'an export must be as it was made last');
      t.equal(
        types(await early.option(NbdOption.go, infoRequest('b'))).at(-1) ?? null,
        Reply.ack,
        'an export must be to be had that came while the client haggled',
      );
      await t.execute('nbd-server-stop');
      for (const { visitor } of scene.guests) await visitor.checkEnds('the end of the server');
      await early.checkEnds('the end of the server');
      t.equal(
        await greetingAt({ path: socket.local }),
        null,
        'a server that was stopped must not be reached',
      );
      for (const node of [one, two]) await t.execute('blockdev-del', { 'node-name': node });
      await t.execute('nbd-server-start', start(socket.path));
      scene.names.clear();
      scene.guests = [];
      await scene.check('another server was started');
    },
  },
  {
    id: 'nbd-export/longest-names',
    title:
      'A name of an export has any number of bytes up to 4096, whatever the characters; longer ones are refused',
    requirements: ['nbd-server-add/name-length'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, Buffer.alloc(64 * KiB, 0x11));
      const { local } = await startNbdServer(t);
      const names = ['x'.repeat(MAX_NAME), '\u00e9'.repeat(MAX_NAME / 2), 'disk \u4e2d', ''];
      for (const name of names) await t.execute(...exporting(t, device, name));
      for (const name of ['x'.repeat(MAX_NAME + 1), '\u00e9'.repeat(MAX_NAME / 2 + 1)])
        await t.refused(...exporting(t, device, name));
      const visitor = await NbdVisitor.open(t, local);
      t.equal(await listed(visitor), names.toSorted(), 'the list must have the names as they were given');
      for (const name of names) {
        const client = await NbdVisitor.enter(t, local, name);
        const { error, data } = await client.request({ type: Command.read, length: UNIT });
        t.equal([error, data[0] ?? null], [0, 0x11], 'an export must be to be had by its name');
      }
    },
  },
  {
    id: 'nbd-export/room-for-others',
    title: 'Clients that leave while they haggle, and after that, make room for as many others',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, Buffer.alloc(64 * KiB, 0x11));
      const { local } = await startNbdServer(t);
      await t.execute('nbd-server-add', { device, name: 'disk' });
      for (let count = 0; count < MANY; count += 1) {
        const visitor =
          count % 2 === 0 ? await NbdVisitor.open(t, local) : await NbdVisitor.enter(t, local, 'disk');
        if (count % 2 === 0) await visitor.option(NbdOption.abort);
        else visitor.begin({ type: Command.disconnect });
        await visitor.checkEnds('its client took leave');
      }
    },
  },
  {
    id: 'nbd-export/stopped-while-it-haggles',
    title: 'A client that has chosen no export yet is let go when the server stops',
    requirements: ['nbd-server-stop/stops'],
    needs: serverNeeds,
    fresh: true,
    async run(t: CaseContext) {
      const { local } = await startNbdServer(t);
      const silent = await NbdVisitor.open(t, local);
      const haggling = await NbdVisitor.open(t, local);
      await haggling.option(NbdOption.list);
      const stopped = t.execute('nbd-server-stop');
      const isLetGo = await Promise.race([stopped.then(() => true), setTimeout(PATIENCE_MS, false)]);
      if (!isLetGo) {
        stopped.catch(() => undefined);
        await t.restart('kill');
      }
      t.check(
        isLetGo,
        'nbd-server-stop must let clients go that have chosen no export',
        'it has not answered in 5 seconds',
      );
      for (const visitor of [silent, haggling]) await visitor.checkEnds('the end of the server');
    },
  },
];
