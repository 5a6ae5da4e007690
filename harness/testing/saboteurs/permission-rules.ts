/** Saboteurs of who may use a node: what is not taken, and what is not given back. */
import { inside, type Saboteur } from './saboteur.ts';

export const permissionRules: readonly Saboteur[] = [
  inside(
    'permissions/blocked-after-job',
    'blockdev-del',
    'leaves the nodes of a job blocked when it has ended',
    'jobs/job-nodes',
    ['unblock();\n            this.graph.removeJob(edge);', 'this.graph.removeJob(edge);'],
  ),
  inside(
    'permissions/blocked-after-overlay',
    'blockdev-del',
    'leaves a backing node blocked when its overlay is gone',
    'graph/node-graph',
    ['edge.unblock();\n        leave(edge.node, edge);', 'leave(edge.node, edge);'],
  ),
  inside(
    'permissions/backup-unasked',
    'blockdev-backup',
    'starts a backup into a node that cannot be written',
    'jobs/backup-job',
    ['nodes.use(target, write);', 'nodes.use(target, 0);'],
  ),
];
