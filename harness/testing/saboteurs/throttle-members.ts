/** Saboteurs of groups of several members and of several limits at once: who counts, who goes on, who may join. */
import { inside, type Saboteur } from './saboteur.ts';

export const throttleMembers: readonly Saboteur[] = [
  inside(
    'throttle-members/leaver-stops-others',
    'block_set_io_throttle',
    'holds the requests of others for ever once a member leaves',
    'throttle/throttle-group',
    [
      'if (index >= 0)\n            this.#members.splice(index, 1);',
      'if (index >= 0)\n            this.#members.splice(index, 1);\n        this.#timer?.();\n        this.#timer = undefined;',
    ],
  ),
  inside(
    'throttle-members/held-drained-uncounted',
    'ThrottleLimits',
    'does not count what a drain lets go',
    'throttle/throttle-group',
    ['splice(0)) {\n                this.group.account(direction, bytes);', 'splice(0)) {'],
  ),
  inside(
    'throttle-members/first-direction-alone',
    'ThrottleLimits',
    'limits reads by bytes only where operations are limited too',
    'throttle/throttle-group',
    [
      'return Math.max(...CONCERNED[direction].map((name) => this.#bucketWait(name)));',
      "return Math.max(...CONCERNED[direction].map((name) => name.startsWith('bps') && this.#config.buckets['iops-total'].rate > 0 ? 0 : this.#bucketWait(name)));",
    ],
  ),
  inside(
    'throttle-members/short-as-none',
    'ThrottleLimits',
    'counts requests below a sector as none',
    'throttle/throttle-group',
    [
      'const operations = iopsSize > 0',
      'if (bytes < 512)\n            return;\n        const operations = iopsSize > 0',
    ],
  ),
  inside(
    'throttle-members/options-group-ignored',
    'BlockIOThrottle',
    'ignores throttling.group at the second drive',
    'options/drive',
    [
      'backend.setLimits(limits.config, limits.group);',
      'backend.setLimits(limits.config, globalThis.usedGroup === limits.group ? undefined : (globalThis.usedGroup = limits.group));',
    ],
  ),
  inside(
    'throttle-members/object-id-of-drive-group',
    'BlockdevOptionsThrottle',
    'lets no node join the group that a drive made',
    'graph/open',
    [
      'const group = objects.throttleGroups.find(id);',
      "const group = objects.find(id)?.type === 'throttle-group' ? objects.throttleGroups.find(id) : undefined;",
    ],
  ),
  inside(
    'throttle-members/cdroms-refused',
    'BlockIOThrottle',
    'sets no limits of drives that are read-only',
    'commands/block-set-io-throttle',
    ['if (!backend.node)', 'if (!backend.node || backend.node.readOnly)'],
  ),
  inside(
    'throttle-members/third-member',
    'block_set_io_throttle',
    'limits no third member of a group',
    'throttle/throttle-group',
    [
      'const member = new ThrottleMember(this);',
      'const member = new ThrottleMember(this);\n        if (this.#members.length > 1)\n            member.drain();',
    ],
  ),
  inside(
    'throttle-members/node-leaves-group',
    'BlockdevOptionsThrottle',
    'keeps the group that drives made where a node is the last to leave it',
    'drivers/throttle',
    [
      'close: () => {\n            member.leave();',
      'close: () => {\n            const { whenLeft } = member.group;\n            member.group.whenLeft = undefined;\n            member.leave();\n            member.group.whenLeft = whenLeft;',
    ],
  ),
];
