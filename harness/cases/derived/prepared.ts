/**
 * Calls that would succeed, on things made for them: where one of these is refused, the fault that was put in is
 * the reason, and an endpoint that overlooks the fault is found out. Other commands get the least valid arguments,
 * which name things that do not exist.
 */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, Needs } from '../case.ts';
import {
  addNode,
  addRaw,
  dataNodes,
  dataSource,
  fileNodes,
  MiB,
  makeFile,
  needs,
} from '../helpers/shared-setup.ts';

export interface Prepared {
  readonly needs: Needs;
  /** Makes what the call names, and gives its arguments. */
  readonly prepare: (t: CaseContext) => JsonObject | Promise<JsonObject>;
}

const bitmapCommands: Needs = needs(dataNodes, { commands: ['block-dirty-bitmap-add'] });

async function addBitmap(t: CaseContext): Promise<JsonObject> {
  const bitmap = { node: await addNode(t), name: 'b' };
  await t.execute('block-dirty-bitmap-add', bitmap);
  return bitmap;
}

/** By command, or by command and value of the tag. */
export const PREPARED: ReadonlyMap<string, Prepared> = new Map<string, Prepared>([
  [
    'block_resize',
    { needs: fileNodes, prepare: async (t) => ({ 'node-name': (await addRaw(t, MiB)).name, size: MiB }) },
  ],
  ['blockdev-del', { needs: dataNodes, prepare: async (t) => ({ 'node-name': await addNode(t) }) }],
  [
    'block-dirty-bitmap-add',
    { needs: dataNodes, prepare: async (t) => ({ node: await addNode(t), name: 'b' }) },
  ],
  ['block-dirty-bitmap-clear', { needs: bitmapCommands, prepare: addBitmap }],
  ['block-dirty-bitmap-remove', { needs: bitmapCommands, prepare: addBitmap }],
  ['x-debug-block-dirty-bitmap-sha256', { needs: bitmapCommands, prepare: addBitmap }],
  ['human-monitor-command', { needs: {}, prepare: () => ({ 'command-line': 'info version' }) }],
  [
    'blockdev-add null-co',
    { needs: {}, prepare: (t) => ({ driver: 'null-co', 'node-name': t.name('null') }) },
  ],
  [
    'blockdev-add null-aio',
    { needs: {}, prepare: (t) => ({ driver: 'null-aio', 'node-name': t.name('null') }) },
  ],
  [
    'blockdev-add raw',
    {
      needs: dataNodes,
      prepare: async (t) => ({ driver: 'raw', 'node-name': t.name('raw'), file: await dataSource(t) }),
    },
  ],
  [
    'blockdev-add file',
    {
      needs: fileNodes,
      prepare: async (t) => ({
        driver: 'file',
        'node-name': t.name('file'),
        filename: (await makeFile(t, MiB)).path,
      }),
    },
  ],
]);
