/**
 * The script of a finding of every kind: 1 on the endpoint with the fault, 0 on one without it, 125 where nobody can tell.
 * The endpoint is the real storage daemon, with somebody between it and its monitors who makes the fault.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decode } from '../../generators/sequences/encoding.ts';
import { shellWord } from '../../reports/text.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { qemuStorageDaemon } from '../targets/qemu-storage-daemon.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import type { Sabotage } from '../testing/saboteur.ts';
import { type Symptom, symptomsOf } from './buckets.ts';
import type { FindingHead } from './findings.ts';
import { type PreparedCampaign, prepareCampaign } from './prepare-campaign.ts';
import { ProgramExecutor } from './program-executor.ts';
import { reproduceScript, type Script } from './reproduce-script.ts';
import { roundsFor, triage } from './triage.ts';

const SABOTEUR = fileURLToPath(new URL('dist/harness/testing/saboteur.js', packageRoot()));
const SOUND = 'qemu-storage-daemon';
const LONG = 120_000;

interface Planted {
  readonly fault: Sabotage;
  readonly program: string;
  /** Of the symptom that is wanted. */
  readonly bucket: RegExp;
}

const PLANTED: Readonly<Record<string, Planted>> = {
  crash: {
    fault: { die: 'block_resize.*"id":0' },
    program: 'ground nodes\nblock_resize {"node-name": "$n0", "size": 65536}',
    bucket: /^crash SIGABRT/,
  },
  hang: {
    fault: { mute: 'block_resize.*"id":0' },
    program: 'ground nodes\nblock_resize {"node-name": "$n0", "size": 65536}',
    bucket: /^hang/,
  },
  'hang in reading': {
    fault: { mute: '"nbd-server-add"' },
    program: 'ground disks\ncompare',
    bucket: /^hang in query-contents/,
  },
  'class of an error': {
    fault: { out: [['"class": "GenericError"', '"class": "Odd"']] },
    program: 'ground empty\nblockdev-del {"node-name": "$n0"}',
    bucket: /^deviation error-class/,
  },
  'type in a reply': {
    fault: { out: [['"micro": (\\d+)(.*"id": 0)', '"micro": "$1"$2']] },
    program: 'ground empty\nquery-version',
    bucket: /reply-schema.*expected int/,
  },
  'member missing in a reply': {
    fault: { out: [['"micro": \\d+, (.*"id": 0)', '$1']] },
    program: 'ground empty\nquery-version',
    bucket: /reply-schema.*required/,
  },
  'member that no reply has': {
    fault: { out: [['"micro"(.*"id": 0)', '"acme": [1], "micro"$1']] },
    program: 'ground empty\nquery-version',
    bucket: /reply-schema.*not a member/,
  },
  'value of no enum in a reply': {
    fault: { out: [['"detect_zeroes": "off"(.*"id": 0)', '"detect_zeroes": "perhaps"$1']] },
    program: 'ground nodes\nquery-named-block-nodes',
    bucket: /reply-schema.*not a value/,
  },
  'form of a reply': {
    fault: { out: [['"id": 0', '"acme": {"a": "}"}, "id": 0']] },
    program: 'ground empty\nquery-version',
    bucket: /envelope.*unknown member/,
  },
  'event that nobody declared': {
    fault: { out: [['"JOB_STATUS_CHANGE"', '"ACME"']] },
    program:
      'ground disks\nblockdev-backup {"job-id": "$j0", "device": "$n0", "target": "$n1", "sync": "full"}\nwait BLOCK_JOB_COMPLETED',
    bucket: /event-schema.*is not in the schema/,
  },
  'data of an event': {
    fault: { out: [['"event"(.*)"status": "created"', '"event"$1"status": 5']] },
    program:
      'ground disks\nblockdev-backup {"job-id": "$j0", "device": "$n0", "target": "$n1", "sync": "full"}\nwait BLOCK_JOB_COMPLETED',
    bucket: /event-schema.*expected/,
  },
  'argument that is taken': {
    fault: { in: [['"acme":1,?', '']] },
    program: 'ground disks\nblock_resize {"acme": 1, "node-name": "$n0", "size": 65536}',
    bucket: /invalid-refused/,
  },
  'refusal that changes something': {
    fault: { out: [['"return": \\{\\}(.*"id": 0)', '"error": {"class": "GenericError", "desc": "no"}$1']] },
    program: 'ground disks\nblock_resize {"node-name": "$n0", "size": 65536}',
    bucket: /error-changes-nothing.*virtual-size/,
  },
  'refusal that makes something': {
    fault: { out: [['"return": \\{\\}(.*"id": 0)', '"error": {"class": "GenericError", "desc": "no"}$1']] },
    program: 'ground empty\nblockdev-add {"driver": "null-co", "node-name": "$n0"}',
    bucket: /error-changes-nothing.*nodes$/,
  },
  'query that changes something': {
    fault: {
      in: [
        ['"query-version","id":0', '"blockdev-add","arguments":{"driver":"null-co","node-name":"n7"},"id":0'],
      ],
    },
    program: 'ground empty\nquery-version',
    bucket: /query-changes-nothing/,
  },
  'node that is not made': {
    fault: { swallow: '"blockdev-add".*"n2"' },
    program: 'ground nodes\nblockdev-add {"driver": "null-co", "node-name": "$n2"}',
    bucket: /success-has-effect.*there is no node/,
  },
  'node that is not deleted': {
    fault: { swallow: '"blockdev-del".*"n1".*"id":0' },
    program: 'ground nodes\nblockdev-del {"node-name": "$n1"}',
    bucket: /success-has-effect.*still there/,
  },
  'job that is not started': {
    fault: { swallow: '"blockdev-backup"' },
    program:
      'ground disks\nblockdev-backup {"job-id": "$j0", "device": "$n0", "target": "$n1", "sync": "full"}',
    bucket: /success-has-effect.*no job/,
  },
  'node that stays': {
    fault: { swallow: '"blockdev-del".*"n2"' },
    program: 'ground nodes\nblockdev-add {"driver": "null-co", "node-name": "$n2"}',
    bucket: /leftovers.*node/,
  },
  'file that stays': {
    fault: { leave: '"block_resize"' },
    program: 'ground nodes\nblock_resize {"node-name": "$n0", "size": 65536}',
    bucket: /leak\/files/,
  },
  'descriptors that stay': {
    fault: { leak: '"block_resize"' },
    program: 'ground nodes\nblock_resize {"node-name": "$n0", "size": 65536}',
    bucket: /leak\/of-descriptors/,
  },
  'contents that change': {
    fault: { spoil: { at: '"query-version","id":1', file: 'f1', offset: 4096, bytes: [7, 7] } },
    program: 'ground disks\ncompare\nquery-version\nwrite $n0 0 512 9\ncompare',
    bucket: /data\/contents/,
  },
  'image that is damaged': {
    fault: { spoil: { at: '"block_resize"', file: 'f2', offset: 0x20000, bytes: [0, 0, 0, 0, 0, 0] } },
    program: 'ground chain\nblock_resize {"node-name": "$n2", "size": 2097152}',
    bucket: /data\/images.*corruption/,
  },
  'image that does not hold what its node did': {
    fault: { spoil: { at: '"blockdev-del".*"n0"', file: 'f0', offset: 0, bytes: [1] } },
    program: 'ground disks\nwrite $n0 0 512 9\ncompare\nblockdev-del {"node-name": "$n0"}',
    bucket: /data\/images.*contain/,
  },
};

const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-script-'));
let area: ScratchArea;
let prepared: PreparedCampaign;
const unavailable = enginesUnavailable('qemu-storage-daemon', 'qemu-img', 'qemu-io');

beforeAll(async () => {
  if (unavailable !== null) return;
  area = await ScratchArea.open();
  prepared = await prepareCampaign({ target: qemuStorageDaemon(SOUND), area, invalid: 0, raw: 0 });
}, LONG);
afterAll(async () => {
  await area?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A program that is the storage daemon with the fault. */
function faulty(name: string, fault: Sabotage): string {
  const path = join(folder, `${name.replaceAll(' ', '-')}.sh`);
  const words = [process.execPath, SABOTEUR, JSON.stringify(fault), SOUND].map(shellWord).join(' ');
  writeFileSync(path, `#!/bin/sh\nexec ${words} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

async function scriptOf(endpoint: string, { program: text, bucket }: Planted): Promise<Script> {
  const name = `qemu-storage-daemon:${endpoint}`;
  const config = { ...prepared.config, target: qemuStorageDaemon(name, endpoint) };
  const { normaliseText } = prepared;
  const program = decode(text);
  const executor = new ProgramExecutor(config, area);
  try {
    const rounds = roundsFor({ check: bucket.source.includes('of-desc') ? 'leak/of-x' : '' } as Symptom);
    const { record } = await executor.run(program, true, rounds);
    const seen = symptomsOf(record, normaliseText);
    const symptom = seen.find((one) => bucket.test(one.bucket));
    expect(symptom, JSON.stringify([seen, record.outcome, record.reason])).toBeDefined();
    const budget = { runs: 1, tries: 0, hangTries: 0, milliseconds: 0 };
    const found = await triage(program, symptom!, { executor, config, normaliseText, budget });
    const head: FindingHead = { target: name, version: null, seed: '', startStates: config.startStates };
    if (found === null || 'unfinished' in found) throw new Error('not shown again');
    return reproduceScript({ ...found, head })!;
  } finally {
    await executor.stop();
  }
}

interface Played {
  readonly status: number | null;
  readonly last: string;
}

function play(name: string, { text }: Script, endpoint: string): Promise<Played> {
  const path = join(folder, `${name.replaceAll(' ', '-')}-script.sh`);
  writeFileSync(path, text);
  return new Promise((resolve) => {
    const child = execFile('sh', [path, endpoint], { timeout: 60_000 }, (_, stdout) =>
      resolve({ status: child.exitCode, last: stdout.trimEnd().split('\n').at(-1)! }),
    );
    child.stdin!.end();
  });
}

describe('the script of a finding', () => {
  for (const [name, planted] of Object.entries(PLANTED)) {
    // What hangs is waited for at once.
    const add = name.startsWith('hang') ? test.concurrent : test;
    add(
      name,
      async (context) => {
        requireOrSkip(context, 'qemu', unavailable);
        const endpoint = faulty(name, planted.fault);
        const script = await scriptOf(endpoint, planted);
        expect(script.mute).toBe(null);
        expect(await play(name, script, endpoint)).toMatchObject({ status: 1 });
        expect(await play(name, script, SOUND)).toMatchObject({ status: 0 });
        expect(await play(name, script, '/no/such/endpoint')).toMatchObject({ status: 125 });
        expect(await play(name, script, 'false')).toMatchObject({ status: 125 });
      },
      LONG,
    );
  }
});
