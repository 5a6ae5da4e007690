/** Wrong replies, wrong events, state that changes by itself, and ways to die. */
import { tells, tellsSize } from './effect-mistakes.ts';
import type { Obj } from './json-text.ts';
import type { Mistake } from './mistake.ts';
import type { Vmm } from './vmm.ts';

const nameOf = (args: Obj): string => String(args['node-name']);

/** Nothing is read or answered any more. */
function hang(): never {
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** As a program in C does. */
function abort(words: string): never {
  process.stderr.write(`${words}\n`);
  process.kill(process.pid, 'SIGABRT');
  return hang();
}

/** Sends an event with each answer of `query-version`. */
function emits(vmm: Vmm, event: string): void {
  vmm.replace('query-version', (run, args) => {
    vmm.emit(event, {});
    return run(args);
  });
}

export const STATE_MISTAKES: readonly Mistake[] = [
  {
    name: 'member-missing',
    title: 'leaves a required member out of the description of a node',
    cases: ['node-options/defaults'],
    cause: { check: 'reply-schema', message: /encrypted/ },
    plant: (vmm) => tells(vmm, ({ encrypted: _encrypted, ...node }) => node),
  },
  {
    name: 'size-as-text',
    title: 'tells sizes as strings',
    cases: ['file/size'],
    cause: { check: 'reply-schema', message: /virtual-size/ },
    apart: 'sizes can only be wrong in one way',
    plant: (vmm) => tellsSize(vmm, String),
  },
  {
    name: 'integer-as-fraction',
    title: 'writes an integer with a fraction, 0.0',
    cases: ['node-options/defaults'],
    cause: { check: 'integer-text', message: /written with a fraction/ },
    plant: (vmm) => tells(vmm, (node) => ({ ...node, write_threshold: Number(node.write_threshold) })),
  },
  {
    name: 'size-in-sectors',
    title: 'tells sizes in sectors',
    cases: ['file/size'],
    cause: { check: 'case', message: /./ },
    plant: (vmm) => tellsSize(vmm, (size) => size / 512n),
  },
  {
    name: 'undocumented-event',
    title: 'sends an event that no schema has',
    cases: ['greeting/version-is-query-version'],
    cause: { check: 'event-schema', message: /ACME_HEARTBEAT/ },
    plant: (vmm) => emits(vmm, 'ACME_HEARTBEAT'),
  },
  {
    name: 'downstream-event',
    title: 'sends an event of a name that is reserved for downstream',
    cases: ['greeting/version-is-query-version'],
    cause: { check: 'info', message: /event __com\.acme_HEARTBEAT is not in the schema/ },
    outcome: 'info',
    plant: (vmm) => emits(vmm, '__com.acme_HEARTBEAT'),
  },
  {
    name: 'stale-size',
    title: 'tells the size of before block_resize',
    cases: ['block_resize/*'],
    cause: { check: 'case', message: /./ },
    apart: 'sizes can only be wrong in one way',
    plant: (vmm) => {
      const sizes = new Map<string, bigint>();
      vmm.replace('block_resize', (run, args) => {
        const node = vmm.nodes.find(nameOf(args));
        const before = node?.size() ?? 0n;
        const result = run(args);
        if (!sizes.has(nameOf(args))) sizes.set(nameOf(args), before);
        return result;
      });
      vmm.replace('blockdev-del', (run, args) => {
        const result = run(args);
        sizes.delete(nameOf(args));
        return result;
      });
      tellsSize(vmm, (size, name) => sizes.get(name) ?? size);
    },
  },
  {
    name: 'query-changes-state',
    title: 'plugs in a drive each time query-commands is asked',
    cases: ['introspection/commands-unique'],
    cause: { check: 'query-changes-nothing', message: /query-commands/ },
    plant: (vmm) => {
      const drives: Obj[] = [];
      vmm.replace('query-commands', (run, args) => {
        drives.push({ device: `acme${drives.length}`, type: 'unknown', removable: false, locked: false });
        return run(args);
      });
      vmm.replace('query-block', () => drives);
    },
  },
  {
    name: 'crash-on-negative-size',
    title: 'aborts when a node is resized to a negative size',
    cases: ['block_resize/negative'],
    cause: { check: 'crash', message: /SIGABRT: acme-vmm: assertion failed/ },
    outcome: 'crash',
    plant: (vmm) =>
      vmm.replace('block_resize', (run, args) => {
        if ((args.size as bigint) < 0n) abort("acme-vmm: assertion failed: 'size >= 0'");
        return run(args);
      }),
  },
  {
    name: 'crash-when-idle',
    title: 'aborts once it has answered blockdev-del, and nobody asks anything',
    cases: ['blockdev-del/deletes'],
    cause: { check: 'crash', message: /SIGABRT: acme-vmm: assertion failed/ },
    outcome: 'crash',
    apart: 'few cases would come to their end',
    plant: (vmm) =>
      vmm.replace('blockdev-del', (run, args) => {
        const result = run(args);
        setImmediate(abort, "acme-vmm: assertion failed: 'backend is open'");
        return result;
      }),
  },
  {
    name: 'hang-on-unmap',
    title: 'never answers blockdev-add with detect-zeroes=unmap',
    cases: ['node-options/detect-zeroes'],
    cause: { check: 'hang', message: /blockdev-add/ },
    outcome: 'timeout',
    plant: (vmm) =>
      vmm.replace('blockdev-add', (run, args) => {
        if (args['detect-zeroes'] === 'unmap') hang();
        return run(args);
      }),
  },
];
