/** Commands that do not do what they say. */
import { closeSync, openSync, truncateSync } from 'node:fs';
import type { Type } from './argument-types.ts';
import type { FileNode } from './block-node.ts';
import { isObj, type Obj, type Value } from './json-text.ts';
import type { Mistake } from './mistake.ts';
import type { Vmm } from './vmm.ts';

/** Offers a command that answers with success and does nothing. */
function offer(
  vmm: Vmm,
  name: string,
  optional: readonly string[],
  more: Readonly<Record<string, Type>> = {},
) {
  const texts = Object.fromEntries(optional.map((member) => [member, { type: 'string' as const }]));
  const others = Object.fromEntries(Object.entries(more).map(([member, type]) => [member, { type }]));
  vmm.commands.set(name, { takes: { ...texts, ...others }, run: () => ({}) });
}

/** `block-commit` with the arguments of the spec. */
export function offerCommit(vmm: Vmm): void {
  offer(vmm, 'block-commit', ['job-id', 'device', 'base', 'top', 'backing-file', 'filter-node-name'], {
    speed: 'int64',
  });
}

/** The nodes as told, one by one. */
export function tells(vmm: Vmm, change: (node: Obj) => Obj): void {
  vmm.replace('query-named-block-nodes', (run, args) => (run(args) as Obj[]).map((node) => change(node)));
}

/** The size that a node tells. */
export function tellsSize(vmm: Vmm, change: (size: bigint, name: string) => Value): void {
  tells(vmm, (node) => {
    const image = node.image as Obj;
    const size = change(image['virtual-size'] as bigint, node['node-name'] as string);
    return { ...node, image: { ...image, 'virtual-size': size } };
  });
}

const nameOf = (args: Obj): string => String(args['node-name']);

export const EFFECT_MISTAKES: readonly Mistake[] = [
  {
    name: 'commit-does-nothing',
    title: 'offers block-commit, which succeeds and does nothing',
    cases: ['derived/properties/block-commit-valid'],
    cause: { check: 'success-has-effect', message: /block-commit/ },
    plant: offerCommit,
  },
  {
    name: 'snapshot-does-nothing',
    title: 'offers blockdev-snapshot-sync, which succeeds and makes no overlay',
    cases: ['derived/properties/blockdev-snapshot-sync-valid'],
    cause: { check: 'success-has-effect', message: /blockdev-snapshot-sync/ },
    plant: (vmm) =>
      offer(vmm, 'blockdev-snapshot-sync', ['device', 'node-name', 'snapshot-node-name', 'format'], {
        'snapshot-file': 'string',
        mode: ['existing', 'absolute-paths'],
      }),
  },
  {
    name: 'resize-not-on-disk',
    title: 'tells the new size after block_resize, and leaves the file as it was',
    cases: ['block_resize/*'],
    cause: { check: 'case', message: /file/ },
    apart: 'block_resize can only be wrong in one way',
    plant: (vmm) => {
      const sizes = new Map<string, bigint>();
      vmm.replace('block_resize', (_run, args) => {
        vmm.nodes.get(nameOf(args));
        sizes.set(nameOf(args), args.size as bigint);
        return {};
      });
      vmm.replace('blockdev-del', (run, args) => {
        sizes.delete(nameOf(args));
        return run(args);
      });
      tellsSize(vmm, (size, name) => sizes.get(name) ?? size);
    },
  },
  {
    name: 'resize-does-nothing',
    title: 'answers block_resize with success and does nothing',
    cases: ['block_resize/*'],
    cause: { check: 'success-has-effect', message: /block_resize/ },
    apart: 'block_resize can only be wrong in one way',
    plant: (vmm) =>
      vmm.replace('block_resize', (_run, args) => {
        vmm.nodes.get(nameOf(args));
        return {};
      }),
  },
  {
    name: 'threshold-not-set',
    title: 'answers block-set-write-threshold with success and sets none',
    cases: ['block-set-write-threshold/*'],
    cause: { check: 'success-has-effect', message: /block-set-write-threshold/ },
    plant: (vmm) =>
      vmm.replace('block-set-write-threshold', (run, args) =>
        run({ ...args, 'write-threshold': vmm.nodes.find(nameOf(args))?.writeThreshold ?? 0n }),
      ),
  },
  {
    name: 'unknown-deleted',
    title: 'answers blockdev-del of a node that does not exist with success',
    cases: ['blockdev-del/*'],
    cause: { check: 'case', message: /blockdev-del must be refused; it was accepted/ },
    plant: (vmm) =>
      vmm.replace('blockdev-del', (run, args) => (vmm.nodes.find(nameOf(args)) ? run(args) : {})),
  },
  {
    name: 'node-not-deleted',
    title: 'answers blockdev-del with success and keeps the node',
    cases: ['blockdev-del/*'],
    cause: { check: 'success-has-effect', message: /blockdev-del/ },
    apart: 'every case would need a process of its own',
    plant: (vmm) =>
      vmm.replace('blockdev-del', (run, args) => (vmm.nodes.find(nameOf(args)) ? {} : run(args))),
  },
  {
    name: 'names-twice',
    title: 'makes a second node of a name that is taken',
    cases: ['blockdev-add/name-taken'],
    cause: { check: 'case', message: /blockdev-add must be refused; it was accepted/ },
    plant: ({ nodes }) => {
      nodes.isTaken = () => false;
    },
  },
  {
    name: 'missing-file-made',
    title: 'makes the file that blockdev-add names and that is not there',
    cases: ['file/*'],
    cause: { check: 'case', message: /blockdev-add must be refused; it was accepted/ },
    plant: (vmm) => {
      const touch = (options: Value | undefined): void => {
        if (!isObj(options)) return;
        try {
          if (typeof options.filename === 'string') closeSync(openSync(options.filename, 'a'));
        } catch {
          // What cannot be made is refused when it is opened.
        }
        touch(options.file);
      };
      vmm.replace('blockdev-add', (run, args) => {
        touch(args);
        return run(args);
      });
    },
  },
  {
    name: 'read-only-resized',
    title: 'resizes a read-only node, and its file',
    cases: ['node-options/read-only-not-resized'],
    cause: { check: 'case', message: /block_resize must be refused; it was accepted/ },
    plant: (vmm) =>
      vmm.replace('block_resize', (run, args) => {
        let node = vmm.nodes.find(nameOf(args));
        if (node?.settings.readOnly !== true) return run(args);
        while (node.child !== null) node = node.child;
        truncateSync((node as FileNode).filename, Number(args.size));
        return {};
      }),
  },
  {
    name: 'read-only-not-made',
    title: 'answers blockdev-add of a read-only node with success and makes none',
    cases: ['node-options/read-only'],
    cause: { check: 'success-has-effect', message: /blockdev-add/ },
    apart: 'nodes that are read-only could not be resized',
    plant: (vmm) =>
      vmm.replace('blockdev-add', (run, args) => {
        const result = run(args);
        if (args['read-only'] === true) vmm.nodes.remove(vmm.nodes.get(nameOf(args)));
        return result;
      }),
  },
  {
    name: 'half-a-node',
    title: 'leaves the inline child of a node that it refuses',
    cases: ['raw/*', 'children/bad-child-leaves-nothing'],
    cause: { check: 'error-changes-nothing', message: /blockdev-add/ },
    plant: ({ nodes }) => {
      nodes.takeBack = () => undefined;
    },
  },
  {
    name: 'child-leaks',
    title: 'keeps the inline child of a node that was deleted',
    cases: ['children/inline-goes-with-parent'],
    cause: { check: 'leftovers', message: /node/ },
    apart: 'every case would need a process of its own',
    plant: ({ nodes }) => {
      nodes.leave = (child, parent) => void child.parents.delete(parent);
    },
  },
  {
    name: 'unknown-arguments-taken',
    title: 'passes over arguments that it does not know',
    cases: ['queries/unknown-arguments', 'derived/blockdev-add/unknown-member'],
    cause: { check: 'invalid-refused', message: /unexpected|not a member/ },
    plant: (vmm) => {
      vmm.strictness = { ...vmm.strictness, unknownTaken: true };
    },
  },
  {
    name: 'quoted-numbers-taken',
    title: 'takes numbers and truth values in quotes',
    cases: ['derived/*/wrong-type'],
    cause: { check: 'invalid-refused', message: /type|expected/ },
    plant: (vmm) => {
      vmm.strictness = { ...vmm.strictness, quotesTaken: true };
    },
  },
];
