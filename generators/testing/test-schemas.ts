/** Schemas for tests: ours, and those of other versions as their endpoints describe them. */
import { readFileSync } from 'node:fs';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { readIntrospection } from '../../spec/introspection.ts';
import { parseJson } from '../../spec/json.ts';
import type { Command, Schema } from '../../spec/model.ts';
import type { Live } from '../types/live-names.ts';

function introspected(file: string): Schema {
  return readIntrospection(parseJson(readFileSync(new URL(`../testdata/${file}`, import.meta.url), 'utf8')));
}

export const SCHEMAS: readonly (readonly [string, Schema])[] = [
  ['the spec', loadBlockSchema()],
  ['QEMU 5.0', introspected('qemu-5.0.0.json')],
  ['QEMU 8.0', introspected('qemu-8.0.0.json')],
];

/** All commands of all of them whose arguments are checked. */
export const COMMANDS: readonly (readonly [string, Command, Schema])[] = SCHEMAS.flatMap(([title, schema]) =>
  [...schema.commands.values()]
    .filter(({ unchecked }) => !unchecked)
    .map((command) => [`${command.name} of ${title}`, command, schema] as const),
);

/** Two of everything. */
export const LIVE: Live = {
  dir: '/scratch/q',
  nodes: ['node0', 'node1'],
  devices: ['device0', 'device1'],
  jobs: ['job0', 'job1'],
  bitmaps: ['bitmap0', 'bitmap1'],
  files: ['/scratch/q/file0', '/scratch/q/file1'],
  secrets: ['secret0', 'secret1'],
  groups: ['group0', 'group1'],
  exports: ['export0', 'export1'],
  iothreads: ['iothread0', 'iothread1'],
};
