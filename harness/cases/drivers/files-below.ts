/** query-blockstats with query-nodes: under each node the statistics of its file, whichever of its children that is. */
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { fileNodes, KiB, makeFile, needs, queryList } from '../helpers/shared-setup.ts';

const SIZE = 64 * KiB;

/** The names of the nodes whose statistics stand one under the other, the topmost first. */
function namesDown(stats: JsonObject): string[] {
  const { parent = null } = stats;
  return [String(stats['node-name']), ...(isJsonObject(parent) ? namesDown(parent) : [])];
}

export const filesBelow: readonly CaseDefinition[] = [
  {
    id: 'query-blockstats/files-below',
    title:
      'The statistics of a node have under them those of its file, down to the last, and of no other child',
    requirements: ['query-blockstats/nodes', 'query-blockstats/parent'],
    needs: needs(fileNodes, {
      commands: ['query-blockstats'],
      drivers: ['qcow2', 'blkdebug', 'blkverify', 'quorum'],
    }),
    async run(t: CaseContext) {
      const { path } = await makeFile(t, SIZE);
      const image = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: 4 * KiB }));
      const top = t.name('top');
      const [a, b] = [t.name('a'), t.name('b')];
      const file = (name: string, filename: string): JsonObject => ({
        driver: 'file',
        'node-name': name,
        filename,
        'read-only': true,
      });
      const trees: readonly (readonly [options: JsonObject, below: readonly string[]])[] = [
        [{ driver: 'raw', file: file(a, path) }, [a]],
        [{ driver: 'raw', file: { driver: 'raw', 'node-name': b, file: file(a, path) } }, [b, a]],
        [{ driver: 'qcow2', file: file(a, image.path), backing: file(b, path) }, [a]],
        [{ driver: 'blkdebug', image: file(a, path) }, [a]],
        [{ driver: 'blkverify', raw: file(a, path), test: file(b, path) }, [a]],
        [{ driver: 'quorum', 'vote-threshold': 1, children: [file(a, path), file(b, path)] }, []],
      ];
      for (const [options, below] of trees) {
        await t.execute('blockdev-add', { ...options, 'node-name': top, 'read-only': true });
        const all = await queryList(t, 'query-blockstats', { 'query-nodes': true });
        const found = all.find((stats) => stats['node-name'] === top) ?? {};
        t.equal(
          namesDown(found),
          [top, ...below],
          `under a node of ${String(options.driver)} its file must be told of`,
        );
        await t.execute('blockdev-del', { 'node-name': top });
      }
    },
  },
];
