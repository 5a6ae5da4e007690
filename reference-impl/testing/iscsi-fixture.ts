/** Nodes over a scripted target, in a graph of the test's own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../spec/json.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { openNode } from '../graph/open.ts';
import { type ScriptedTarget, scriptedTarget, TARGET, type TargetOptions } from './scripted-iscsi-target.ts';
import { ScsiUnit, type UnitOptions } from './scripted-scsi-unit.ts';
import { ManualClock, testGraph, testServices } from './test-services.ts';

export interface IscsiFixture {
  readonly clock: ManualClock;
  readonly graph: NodeGraph;
  /** What was logged. */
  readonly lines: string[];
  /** A target with these units. */
  target(
    units: Readonly<Record<number, ScsiUnit>>,
    options?: TargetOptions,
    port?: number,
  ): Promise<ScriptedTarget>;
  /** A target whose unit 0 is this disk, and a node over that. */
  disk(bytes: number, unit?: UnitOptions, options?: TargetOptions, more?: JsonObject): Promise<Disk>;
  open(target: ScriptedTarget, more?: JsonObject): Promise<Node>;
  /** Closes all. */
  end(): Promise<void>;
}

export interface Disk {
  readonly unit: ScsiUnit;
  readonly target: ScriptedTarget;
  readonly node: Node;
}

/** The definition of a node over unit 0 of a target. */
export function iscsiNode({ portal }: Pick<ScriptedTarget, 'portal'>, more: JsonObject = {}): JsonObject {
  return { driver: 'iscsi', transport: 'tcp', portal, target: TARGET, discard: 'unmap', ...more };
}

/** Makes a graph, and nothing in it. */
export async function iscsiFixture(): Promise<IscsiFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-iscsi-'));
  const clock = new ManualClock();
  const lines: string[] = [];
  const graph = testGraph({ ...testServices(folder, clock), log: (line) => lines.push(line) });
  const targets: ScriptedTarget[] = [];
  let nodes = 0;
  const target: IscsiFixture['target'] = async (units, options = {}, port = 0) => {
    const all = new Map(Object.entries(units).map(([lun, unit]) => [Number(lun), unit]));
    const made = await scriptedTarget({ units: all, ...options }, port);
    targets.push(made);
    return made;
  };
  const open: IscsiFixture['open'] = (over, more) => {
    nodes += 1;
    return openNode(graph, iscsiNode(over, { 'node-name': `disk${nodes}`, ...more }));
  };
  return {
    clock,
    graph,
    lines,
    target,
    open,
    disk: async (bytes, options, targetOptions, more) => {
      const unit = new ScsiUnit(Buffer.alloc(bytes), options);
      const made = await target({ 0: unit }, targetOptions);
      return { unit, target: made, node: await open(made, more) };
    },
    end: async () => {
      for (const node of graph.nodes.slice()) await graph.release(node);
      await Promise.all(targets.map((each) => each.close()));
      await rm(folder, { recursive: true });
    },
  };
}
