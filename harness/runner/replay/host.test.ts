import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enginesUnavailable, requireOrSkip } from '../../testing/engines.ts';
import { Host, hostLacks } from './host.ts';
import { Placeholders } from './placeholders.ts';
import { readTranscript } from './transcript-file.ts';

let folder: string;
let placeholders: Placeholders;
let host: Host;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'host-test-'));
  placeholders = new Placeholders();
  placeholders.set('@DIR@', folder);
  host = new Host(folder, placeholders);
});

afterEach(async () => {
  await host.close();
  await rm(folder, { recursive: true });
});

function connects(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe('@http', () => {
  async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(placeholders.fill(`http://127.0.0.1:@PORT@/${path}`), { headers });
  }

  beforeEach(async () => {
    await writeFile(join(folder, 'x.img'), 'abcdef');
    await host.run(['@http']);
  });

  it('serves files and ranges of them', async () => {
    expect(await (await get('x.img')).text()).toBe('abcdef');
    const part = await get('x.img', { range: 'bytes=2-3' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 2-3/6',
      'cd',
    ]);
    expect((await get('x.img', { range: 'bytes=4-99' })).headers.get('content-range')).toBe('bytes 4-5/6');
    expect((await get('x.img', { range: 'bytes=6-' })).status).toBe(416);
    expect((await get('x.img')).headers.get('accept-ranges')).toBe('bytes');
  });

  it('wants a password below auth', async () => {
    expect((await get('auth/x.img')).status).toBe(401);
    const authorization = `Basic ${Buffer.from('joe:sesame').toString('base64')}`;
    expect(await (await get('auth/x.img', { authorization })).text()).toBe('abcdef');
  });

  it('has no ranges below norange', async () => {
    const whole = await get('norange/x.img', { range: 'bytes=2-3' });
    expect([whole.status, whole.headers.get('accept-ranges'), await whole.text()]).toEqual([
      200,
      null,
      'abcdef',
    ]);
  });

  it('serves nothing else', async () => {
    expect((await get('missing')).status).toBe(404);
    expect((await get('%2e%2e/%2e%2e/etc/passwd')).status).toBe(404);
  });
});

describe('qemu-utils', () => {
  beforeEach((test) => {
    requireOrSkip(test, 'qemu', enginesUnavailable('qemu-img', 'qemu-nbd'));
  });

  it('make images, whose content can be looked at', async () => {
    await host.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '@DIR@/a.qcow2', '1M']);
    const zeroes = '30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58';
    expect(await host.contentDigest('@DIR@/a.qcow2')).toBe(zeroes);
  });

  it('serve images until they are stopped', async () => {
    await host.run(['qemu-img', 'create', '-q', '-f', 'raw', '@DIR@/x.img', '1M']);
    await host.run(['@nbd', '-f', 'raw', '-k', '@DIR@/nbd.sock', '@DIR@/x.img']);
    expect(await connects(join(folder, 'nbd.sock'))).toBe(true);
    await host.run(['@nbd-kill']);
    expect(await connects(join(folder, 'nbd.sock'))).toBe(false);
  });
});

describe('hostLacks', () => {
  it('tells a program that is not installed', async () => {
    const transcript = readTranscript('{"name": "x", "steps": [], "setup": [["qemu-img", "info", "a"]]}');
    const path = process.env.PATH;
    process.env.PATH = folder;
    try {
      expect(await hostLacks(transcript)).toBe('qemu-img: not found in PATH');
    } finally {
      process.env.PATH = path;
    }
  });
});
