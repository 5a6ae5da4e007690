import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../block-core.ts';
import type { BlockdevOptions, QmpCommands, QmpEvents, QmpTypes } from '../generated/qmp.ts';
import { compileSchema } from './compile.ts';
import { generatedFiles } from './generate-files.ts';
import { typescriptTypes } from './types.ts';

describe('generated files', () => {
  test('are those that the schema gives', async () => {
    for (const [name, text] of await generatedFiles(loadBlockSchema())) {
      const committed = readFileSync(new URL(`../generated/${name}`, import.meta.url), 'utf8');
      expect(committed === text, `spec/generated/${name} is stale: run npm run generate`).toBe(true);
    }
  });

  test('type the values that go over the wire', () => {
    const inline = { driver: 'raw', file: { driver: 'file', filename: 'x' }, offset: 2n ** 60n } as const;
    const options = inline satisfies BlockdevOptions;
    const resize = { device: 'd', size: 512 } satisfies QmpCommands['block_resize']['arguments'];
    const nothing = {} satisfies QmpCommands['block_resize']['returns'];
    const data: QmpEvents['BLOCK_WRITE_THRESHOLD'] = {
      'node-name': 'n',
      'amount-exceeded': 1n,
      'write-threshold': 2 ** 40,
    };
    const status: QmpTypes['DirtyBitmapStatus'] = 'locked';
    // @ts-expect-error a member of another branch
    const wrongBranch: BlockdevOptions = { driver: 'null-co', offset: 1 };
    // @ts-expect-error a value that the enum lacks
    const wrongValue: QmpTypes['MirrorSyncMode'] = 'bitmap';
    expect([options, resize, nothing, data, status, wrongBranch, wrongValue]).toHaveLength(7);
  });
});

describe('TypeScript types', () => {
  test('of a schema of its own', async () => {
    const schema = compileSchema({
      text: `
        { 'enum': 'On', 'data': ['yes', { 'name': 'no' }] }
        { 'struct': 'Nothing', 'data': {} }
        { 'union': 'Switch', 'base': { 'on': 'On' }, 'discriminator': 'on', 'data': { 'yes': 'Power' } }
        { 'struct': 'Power', 'data': { '*watts': 'uint16', 'joules': 'uint64' } }
        { 'command': 'turn', 'data': 'Switch', 'boxed': true, 'returns': ['Nothing'] }
        { 'command': 'look', 'data': { 'odd-name': 'any' } }
        { 'event': 'TURNED' }
      `,
    });
    expect(await typescriptTypes(schema)).toMatchInlineSnapshot(`
      "// Generated from the schema by \`npm run generate\`. Do not edit.
      /** Any JSON value; integers that are not safe as numbers are bigints. */
      export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

      export type Switch = SwitchOnYes | SwitchOnOther;
      export type Uint16 = number;
      export type Uint64 = number | bigint;
      export type Nothing = Record<string, never>;
      export type Empty = Record<string, never>;
      export type QType = 'none' | 'qnull' | 'qnum' | 'qstring' | 'qdict' | 'qlist' | 'qbool';
      export type On = 'yes' | 'no';

      export type Qmp = {
        commands: QmpCommands;
        events: QmpEvents;
        types: QmpTypes;
      };
      export type QmpCommands = {
        turn: {
          arguments: Switch;
          returns: Nothing[];
        };
        look: {
          arguments: LookArguments;
          returns: Empty;
        };
      };
      export type SwitchOnYes = {
        on: 'yes';
        watts?: Uint16;
        joules: Uint64;
      };
      export type SwitchOnOther = {
        on: 'no';
      };
      export type LookArguments = {
        'odd-name': Json;
      };
      export type QmpEvents = {
        TURNED: Empty;
      };
      export type QmpTypes = {
        QType: QType;
        q_empty: Empty;
        On: On;
        Nothing: Nothing;
        Switch: Switch;
        Power: Power;
      };
      export type Power = {
        watts?: Uint16;
        joules: Uint64;
      };
      "
    `);
  });
});
