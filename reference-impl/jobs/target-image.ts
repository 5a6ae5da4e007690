/** The image that `drive-backup` and `drive-mirror` copy to: made or there already, and opened. */
import type { NewImageMode } from '../../spec/generated/qmp.ts';
import { createNamedImage, namedDefinition } from '../graph/named-image.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { openNode } from '../graph/open.ts';
import { CommandError } from '../qapi/command-error.ts';

export interface TargetImage {
  readonly filename: string;
  /** Default: the source's for a new image; what is found in an existing one. */
  readonly format?: string | undefined;
  readonly mode?: NewImageMode | undefined;
  readonly nodeName?: string | undefined;
  /** What a new image gets as its backing file. */
  readonly backing?: Node | undefined;
  /** The backing file that the header names is not opened. */
  readonly withoutBacking: boolean;
}

/** Throws `CommandError`. */
export async function openTarget(graph: NodeGraph, source: Node, image: TargetImage): Promise<Node> {
  const { filename, mode = 'absolute-paths', backing, nodeName, withoutBacking } = image;
  const format = image.format ?? (mode === 'existing' ? undefined : source.driverName);
  if (mode !== 'existing')
    await createNamedImage(graph, {
      filename,
      format: format!,
      size: source.io.length(),
      backing: backing && { name: backing.filename.shown, format: backing.driverName },
    });
  const { driver, ...probed } = namedDefinition(
    graph.drivers,
    { filename, format: format ?? 'raw' },
    source,
    nodeName,
  );
  const definition = format === undefined ? probed : { ...probed, driver: driver! };
  return openNode(graph, { ...definition, 'read-only': false }, { withoutBacking });
}

/** Makes `backing` what shows through the target. Throws `CommandError`. */
export function attachTargetBacking(graph: NodeGraph, target: Node, backing: Node): void {
  if (!('backing' in target.driver.children))
    throw new CommandError(
      `Driver '${target.driverName}' of node '${target.name}' does not support backing files`,
    );
  graph.attach(target, backing, 'backing', 'backing');
}
