/** Arguments made from a live endpoint's own introspection, which hides type names and ranges: it is their judge. */
import { sample } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { argumentsOf } from '../../../generators/arbitraries/command-arguments.ts';
import { faultsOf } from '../../../generators/invalid/invalid-arguments.ts';
import { Points } from '../../../generators/points/points.ts';
import { nothingLive } from '../../../generators/types/live-names.ts';
import { readIntrospection } from '../../../spec/introspection.ts';
import { isJsonObject, type Json } from '../../../spec/json.ts';
import type { Command, Schema } from '../../../spec/model.ts';
import { QmpClient } from '../../qmp/client.ts';
import { contain, containRaw } from '../../targets/containment.ts';
import { enginesUnavailable, requireOrSkip } from '../../testing/engines.ts';
import { type RunningEngine, startLive } from '../../testing/live-engine.ts';
import { faultsForm } from './properties/property-form.ts';

/** A scratch folder that does not exist. */
const DIR = '/no-such-scratch';
const live = () => nothingLive(DIR);
const COMMANDS = [
  'blockdev-add',
  'block_resize',
  'blockdev-snapshot-sync',
  'block-export-add',
  'blockdev-mirror',
];
const EACH = 150;

describe('qemu-storage-daemon', () => {
  let engine: RunningEngine | undefined;
  let client: QmpClient;
  let schema: Schema;

  beforeAll(async () => {
    if (enginesUnavailable('qemu-storage-daemon') !== null) return;
    engine = await startLive('qemu-storage-daemon');
    client = await QmpClient.connect(await engine.connect());
    schema = readIntrospection(await client.execute('query-qmp-schema'));
  });
  afterAll(async () => {
    await client?.close();
    await engine?.stop();
  });

  function commandOf(context: { skip(note?: string): never }, name: string): Command {
    requireOrSkip(context, 'qemu', enginesUnavailable('qemu-storage-daemon'));
    return schema.commands.get(name) ?? context.skip(`this version has no ${name}`);
  }

  for (const name of COMMANDS) {
    test(`takes the form of valid arguments of ${name}`, async (context) => {
      const command = commandOf(context, name);
      const points = new Points(command);
      for (const args of sample(argumentsOf(command, live), { numRuns: EACH, seed: 11 })) {
        const message = { execute: name, arguments: args };
        contain(message, { dir: DIR });
        const { error } = await client.request({ ...message, id: 1 });
        if (!isJsonObject(error)) continue;
        expect(error.class, String(error.desc)).toMatch(/^(GenericError|DeviceNotFound)$/);
        expect(faultsForm(String(error.desc), args, points), String(error.desc)).toBe(false);
      }
    });

    test(`refuses invalid arguments of ${name}`, async (context) => {
      const command = commandOf(context, name);
      for (const { wire, where } of sample(faultsOf(command, live), { numRuns: EACH, seed: 12 })) {
        const text = `{"execute":"${name}","arguments":${wire}}\n`;
        containRaw(text, { dir: DIR });
        const { messages } = await client.raw(text);
        expect(messages.map(classOf), `${where} in ${wire.slice(0, 1000)}`).toContain('GenericError');
      }
    });
  }
});

function classOf({ error }: Record<string, Json>): Json {
  return isJsonObject(error) ? error.class! : null;
}
