/** The commands, beside `qmp_capabilities`, which is the session's. */
import type { BlockNode } from './block-node.ts';
import type { Obj } from './json-text.ts';
import { optionsOf } from './node-options.ts';
import { Refusal } from './refusal.ts';
import type { Command, Vmm } from './vmm.ts';

const NAME = { type: 'string', required: true } as const;
const SIZE = { type: 'int64', required: true } as const;

export function addCommands(vmm: Vmm): void {
  const { nodes } = vmm;
  const commands: Record<string, Command> = {
    qmp_capabilities: { takes: {}, run: () => ({}) },
    'query-version': { takes: {}, run: () => vmm.version },
    'query-commands': { takes: {}, run: () => [...vmm.commands.keys()].map((name) => ({ name })) },
    'query-status': { takes: {}, run: () => ({ running: true, singlestep: false, status: 'running' }) },
    'query-block': { takes: {}, run: () => [] },
    'query-named-block-nodes': { takes: {}, run: () => nodes.all.map(describe) },
    'blockdev-add': {
      takes: optionsOf,
      run: (options) => {
        nodes.add(options);
        return {};
      },
    },
    'blockdev-del': {
      takes: { 'node-name': NAME },
      run: ({ 'node-name': name }) => {
        nodes.delete(name as string);
        return {};
      },
    },
    block_resize: {
      takes: { device: { type: 'string' }, 'node-name': { type: 'string' }, size: SIZE },
      run: (args) => {
        resize(vmm, args);
        return {};
      },
    },
    'block-set-write-threshold': {
      takes: { 'node-name': NAME, 'write-threshold': { type: 'uint64', required: true } },
      run: ({ 'node-name': name, 'write-threshold': threshold }) => {
        const node = nodes.find(name as string);
        if (node === undefined) throw new Refusal(`Device '${name}' not found`);
        node.writeThreshold = threshold as bigint;
        return {};
      },
    },
    quit: {
      takes: {},
      run: () => {
        vmm.emit('SHUTDOWN', { guest: false });
        vmm.quit();
        return {};
      },
    },
  };
  for (const [name, command] of Object.entries(commands)) vmm.commands.set(name, command);
}

function resize({ nodes }: Vmm, { device, 'node-name': name, size }: Obj): void {
  if (name !== undefined && device !== undefined)
    throw new Refusal("'device' and 'node-name' exclude one another");
  if (device !== undefined) throw new Refusal(`Device '${device}' not found`, 'DeviceNotFound');
  if (name === undefined) throw new Refusal("Cannot find device='' nor node-name=''");
  const node = nodes.get(name as string);
  if ((size as bigint) < 0n) throw new Refusal("The 'size' must not be negative");
  if (node.settings.readOnly) throw new Refusal(`Node '${name}' is read-only`);
  if ((size as bigint) % 512n !== 0n) throw new Refusal("The 'size' must be a multiple of 512");
  node.resize(size as bigint);
}

function describe(node: BlockNode): Obj {
  const { name, driver, filename, settings, writeThreshold } = node;
  return {
    'node-name': name,
    drv: driver,
    file: filename,
    ro: settings.readOnly,
    encrypted: false,
    encryption_key_missing: false,
    detect_zeroes: settings.detectZeroes,
    backing_file_depth: 0n,
    cache: { writeback: true, ...settings.cache },
    // The schema shows it as a signed integer.
    write_threshold: BigInt.asIntN(64, writeThreshold),
    image: {
      filename,
      format: driver,
      'virtual-size': node.size(),
      'actual-size': node.occupied(),
    },
    ...NO_LIMITS,
  };
}

const NO_LIMITS = { bps: 0n, bps_rd: 0n, bps_wr: 0n, iops: 0n, iops_rd: 0n, iops_wr: 0n };
