/** What is found out about a scratch folder, by endpoints that are allowed more or less, and that nothing of it stays. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import { restrictSchema } from '../../spec/restrict-schema.ts';
import { QmpError } from '../qmp/errors.ts';
import { probeScratch, type ScratchAccess } from './scratch-access.ts';

const spec = loadBlockSchema();
const ALL = ['blockdev-add', 'blockdev-del', 'nbd-server-start', 'nbd-server-stop'];

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'scratch-access-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

interface Allowed {
  /** How it refuses to open a file; undefined: it does not. */
  readonly open?: (path: string, readOnly: boolean) => string | undefined;
  readonly server?: (path: string) => string | undefined;
  readonly commands?: readonly string[];
  readonly drivers?: readonly string[];
}

/** Where it makes its socket if not where it was told. */
let elsewhere: string | null = null;

async function probe({ open, server, commands = ALL, drivers = ['file'] }: Allowed): Promise<ScratchAccess> {
  const nodes = new Set<Json>();
  const server_ = createServer();
  const refuse = (desc: string | undefined): void => {
    if (desc !== undefined) throw new QmpError('', 'GenericError', desc, {});
  };
  const execute = async (command: string, args: JsonObject = {}): Promise<Json> => {
    if (command === 'blockdev-add') {
      const path = String(args.filename);
      const missing = path.endsWith('.img')
        ? undefined
        : `Could not open '${path}': No such file or directory`;
      refuse(open === undefined ? missing : open(path, args['read-only'] === true));
      nodes.add(args['node-name']!);
    } else if (command === 'blockdev-del') nodes.delete(args['node-name']!);
    else if (command === 'nbd-server-start') {
      const { path } = (args.addr as { data: { path: string } }).data;
      refuse(server?.(path));
      await new Promise<void>((resolve) => server_.listen(elsewhere ?? path, resolve));
    } else if (command === 'nbd-server-stop') await new Promise((resolve) => server_.close(resolve));
    return {};
  };
  const endpointSchema = restrictSchema(spec, { commands, events: [], drivers });
  const access = await probeScratch({ execute, endpointSchema, dir: scratch, scratch });
  expect([...nodes]).toEqual([]);
  expect(server_.listening).toBe(false);
  expect(readdirSync(scratch)).toEqual([]);
  return access;
}

const denied = (path: string) => `Could not open '${path}': Permission denied`;

test('all of it', async () => {
  expect(await probe({})).toEqual({ reads: 'yes', writes: 'yes', makes: 'yes' });
});

describe('what is certain', () => {
  test('a file that is denied', async () => {
    expect(await probe({ open: denied })).toEqual({
      reads: 'no',
      writes: 'no',
      makes: 'unknown',
      told: expect.stringContaining('Permission denied'),
    });
  });
  test('a file that is not there, as if it saw another file system', async () => {
    const open = (path: string) => `${path}: No such file or directory`;
    expect(await probe({ open })).toMatchObject({ reads: 'no' });
  });
  test('in any language, if a file that is there and one that is not are refused alike', async () => {
    expect(await probe({ open: (path) => `öffnen von ${path}: 13` })).toMatchObject({ reads: 'no' });
  });
  test('reading only', async () => {
    const open = (path: string, readOnly: boolean) => (readOnly ? undefined : denied(path));
    // It opens what is not there, too: that alone would tell nothing.
    const strict = (path: string, readOnly: boolean) =>
      path.endsWith('.img') ? open(path, readOnly) : `${path}: No such file or directory`;
    expect(await probe({ open: strict })).toMatchObject({ reads: 'yes', writes: 'no', makes: 'yes' });
  });
  test('nothing new', async () => {
    expect(
      await probe({ server: (path) => `Failed to bind socket to ${path}: Permission denied` }),
    ).toMatchObject({
      reads: 'yes',
      writes: 'yes',
      makes: 'no',
      told: expect.stringContaining('Failed to bind'),
    });
  });
});

describe('what is not', () => {
  const unknown = { reads: 'unknown', writes: 'unknown', makes: 'unknown' };

  test.each<[string, Allowed, string]>([
    ['no blockdev-add', { commands: ['nbd-server-start'] }, 'the endpoint does not offer blockdev-add'],
    ['no blockdev-del', { commands: ['blockdev-add'] }, 'the endpoint does not offer blockdev-del'],
    ['no files', { drivers: ['null-co'] }, 'the endpoint does not offer driver file'],
  ])('%s', async (_, allowed, told) => {
    expect(await probe(allowed)).toEqual({ ...unknown, told });
  });
  test('a refusal that has nothing to do with the file', async () => {
    const open = (path: string) => (path.endsWith('.img') ? 'locking is not implemented' : `${path}: ENOENT`);
    expect(await probe({ open })).toMatchObject({
      reads: 'unknown',
      writes: 'unknown',
      told: 'GenericError: locking is not implemented',
    });
  });
  test('something new that we do not see', async () => {
    elsewhere = `${scratch}-elsewhere.sock`;
    try {
      expect(await probe({})).toMatchObject({ makes: 'unknown' });
    } finally {
      elsewhere = null;
    }
  });
  test('an endpoint that opens what is not there', async () => {
    expect(await probe({ open: () => undefined })).toMatchObject({ reads: 'unknown' });
  });
  test('one that makes what is not there shows by it that it writes', async () => {
    const open = (path: string) => {
      writeFileSync(path, '');
      return undefined;
    };
    expect(await probe({ open })).toEqual({ reads: 'yes', writes: 'yes', makes: 'yes' });
  });
  test('a server that runs already', async () => {
    expect(await probe({ server: () => 'NBD server already running' })).toEqual({
      reads: 'yes',
      writes: 'yes',
      makes: 'unknown',
    });
  });
  test('no server', async () => {
    const commands = ['blockdev-add', 'blockdev-del'];
    expect(await probe({ commands })).toEqual({ reads: 'yes', writes: 'yes', makes: 'unknown' });
  });
});
