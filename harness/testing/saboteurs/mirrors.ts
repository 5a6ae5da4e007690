/** Saboteurs of mirrors: when they are ready, and what a target lacks at the end. */
import { inside, type Saboteur } from './saboteur.ts';

export const mirrors: readonly Saboteur[] = [
  {
    id: 'mirrors/cancelled-lacks-last',
    definition: 'blockdev-mirror',
    breaks: 'ends a ready mirror that is cancelled without what was written last',
    changes: [
      {
        file: 'jobs/mirror-job',
        find: 'job.progress.setRemaining(copy.left);',
        put: 'job.progress.setRemaining(copy.left);\n            if (job.cancelled && job.ready) {\n                job.endWell();\n                return;\n            }',
      },
      {
        file: 'jobs/mirror-job',
        find: 'await this.#catchUp(job);',
        put: 'if (isPivoting)\n                    await this.#catchUp(job);',
      },
    ],
  },
  inside(
    'mirrors/last-part-lost',
    'blockdev-mirror',
    'does not mirror the end of a disk that is no whole block',
    'jobs/mirror-copy',
    [
      'this.#length = source.io.length();',
      'this.#length = source.io.length() - (source.io.length() % options.granularity);',
    ],
  ),
  inside(
    'mirrors/failed-not-retried',
    'blockdev-mirror',
    'does not copy again what a mirror failed at and went on from',
    'jobs/mirror-copy',
    ['this.dirty.mark(offset, length);', ';'],
  ),
  inside(
    'mirrors/existing-without-backing',
    'NewImageMode',
    'leaves an existing target without its backing file when a mirror completes',
    'commands/drive-mirror',
    ['openBacking: isNew ? undefined : () => openBacking(graph, target),', 'openBacking: undefined,'],
  ),
  inside(
    'mirrors/ready-unflushed',
    'blockdev-mirror',
    'tells a mirror as ready without having flushed its target',
    'jobs/mirror-job',
    [
      "if (isDone && !(await flushed(job, target, 'write', copy.onTargetError)))\n                continue;",
      ';',
    ],
  ),
  inside(
    'mirrors/buf-size-ignored',
    'blockdev-mirror',
    'has more on its way to the target of a mirror than buf-size allows',
    'jobs/mirror-job',
    ['bufferSize: Math.ceil(bufferSize / granularity) * granularity,', 'bufferSize: DEFAULT_BUFFER,'],
  ),
  inside(
    'mirrors/far-in-32-bits',
    'blockdev-mirror',
    'writes what a mirror copies to where 32 bits of its position lead',
    'jobs/mirror-copy',
    ['await io.write(offset, data);', 'await io.write(offset % 2 ** 32, data);'],
  ),
  inside(
    'mirrors/target-stays-writable',
    'blockdev-mirror',
    'leaves the target of a mirror writable that takes the place of a read-only node',
    'jobs/mirror-job',
    ['if (isPivoting)\n            await reopenAsBefore(this.#nodes.graph, target, source.readOnly);', ''],
  ),
  inside(
    'mirrors/target-flushes',
    'drive-mirror',
    'opens the target of drive-mirror with the default cache mode',
    'jobs/target-image',
    [
      "format: format ?? 'raw' }, source, nodeName)",
      "format: format ?? 'raw' }, { readOnly: source.readOnly, options: { ...source.options, cache: { direct: false, noFlush: false } } }, nodeName)",
    ],
  ),
  inside(
    'mirrors/target-ignores-discards',
    'drive-mirror',
    'opens the target of drive-mirror so that it ignores discards',
    'jobs/target-image',
    [
      "format: format ?? 'raw' }, source, nodeName)",
      "format: format ?? 'raw' }, { readOnly: source.readOnly, options: { ...source.options, discard: 'ignore' } }, nodeName)",
    ],
  ),
  inside(
    'mirrors/replaces-used',
    'drive-mirror',
    'lets a mirror replace a node that another job uses',
    'commands/drive-mirror',
    ['graph.assertUnblocked(replaced);', ';'],
  ),
  inside(
    'mirrors/replaces-unlike',
    'drive-mirror',
    'lets a mirror replace a node of another size',
    'commands/drive-mirror',
    ['if (replaced.io.length() !== source.io.length())', 'if (false)'],
  ),
  inside(
    'mirrors/replaced-stays',
    'drive-mirror',
    'keeps a node open that nobody uses any more since a mirror has replaced it',
    'jobs/mirror-job',
    ['if (this.#replaced)\n            await this.#closeUnused(this.#replaced.node);', ';'],
  ),
  inside(
    'mirrors/top-of-three',
    'blockdev-mirror',
    'copies with sync top what the backing file holds, too, where that has one itself',
    'commands/blockdev-mirror',
    [
      "base: args.sync === 'top' ? source.backing?.node : undefined,",
      "base: args.sync === 'top' ? (source.backing?.node.backing?.node ?? source.backing?.node) : undefined,",
    ],
  ),
  inside(
    'mirrors/mirror-to-nowhere',
    'blockdev-mirror',
    'answers a mirror to a target that does not exist and starts none',
    'commands/blockdev-mirror',
    [
      'const target = graph.lookup(args.target, args.target);',
      'if (graph.devices.medium(args.target) === null && !graph.find(args.target))\n        return {};\n    const target = graph.lookup(args.target, args.target);',
    ],
  ),
  inside(
    'mirrors/granularity-of-source',
    'DriveMirror',
    'takes the default granularity of a mirror from the clusters of its source',
    'jobs/mirror-job',
    ['args.granularity || defaultGranularity(target);', 'args.granularity || defaultGranularity(source);'],
  ),
  inside(
    'mirrors/ready-as-running-while-writing',
    'BlockJobStatus',
    'tells a ready mirror as running while it has writes to copy',
    'jobs/job',
    [
      'status: this.#status,',
      "status: this.#status === 'ready' && this.progress.offset < this.progress.len ? 'running' : this.#status,",
    ],
  ),
  inside(
    'mirrors/buffer-fourfold',
    'blockdev-mirror',
    'has four times buf-size on its way',
    'jobs/mirror-job',
    ['bufferSize: Math.ceil(', 'bufferSize: 4 * Math.ceil('],
  ),
  {
    id: 'mirrors/buf-size-forgotten-when-ready',
    definition: 'blockdev-mirror',
    breaks: 'forgets buf-size once a mirror is ready',
    changes: [
      {
        file: 'jobs/mirror-copy',
        find: 'while (end - start < this.#options.bufferSize',
        put: 'while (end - start < (this.isReady ? 1 << 30 : this.#options.bufferSize)',
      },
      {
        file: 'jobs/mirror-copy',
        find: 'this.#bytesInFlight >= this.#options.bufferSize',
        put: '(!this.isReady && this.#bytesInFlight >= this.#options.bufferSize)',
      },
      {
        file: 'jobs/mirror-job',
        find: 'if (copy.saturated)',
        put: 'copy.isReady = job.ready;\n                if (copy.saturated)',
      },
    ],
  },
  inside(
    'mirrors/nothing-unmapped-when-ready',
    'DriveMirror',
    'unmaps nothing once a mirror is ready',
    'jobs/mirror-copy',
    [
      'let delay = 0n;\n        for (let at = start',
      'if (job.ready)\n            this.#options.unmap = false;\n        let delay = 0n;\n        for (let at = start',
    ],
  ),
  inside(
    'mirrors/drive-mirror-not-root',
    'DriveMirror',
    'takes nodes for drive-mirror that other nodes stand on',
    'commands/drive-mirror',
    ['graph.lookupRoot(args.device)', 'graph.lookup(args.device, args.device)'],
  ),
  inside(
    'mirrors/mirror-id-of-node',
    'DriveMirror',
    'names the job of drive-mirror after its node where no device uses that',
    'commands/drive-mirror',
    [
      'createMirror(context, plan, args)',
      "createMirror(context, plan, { 'job-id': graph.deviceOf(source) || source.name, ...args })",
    ],
  ),
  inside(
    'mirrors/granularity-default-unbounded-below',
    'DriveMirror',
    'takes the cluster size of the target for the default granularity, however small it is',
    'jobs/mirror-job',
    ['Math.max(LEAST_DEFAULT_GRANULARITY, cluster)', 'cluster'],
  ),
  inside(
    'mirrors/source-node-only',
    'blockdev-mirror',
    'finds the source of blockdev-mirror by the name of a node alone',
    'commands/blockdev-mirror',
    [
      'graph.lookupRoot(args.device);',
      "graph.lookupRoot(graph.devices.medium(args.device) ? '' : args.device);",
    ],
  ),
  inside(
    'mirrors/format-of-source',
    'drive-mirror',
    'makes the new target of drive-mirror in the format of the source whatever format says',
    'commands/drive-mirror',
    ['format: args.format,', "format: args.mode === 'existing' ? args.format : undefined,"],
  ),
];
