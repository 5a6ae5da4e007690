/** blkdebug: what each member of a rule does, states, and the configuration file. */
import { writeFile } from 'node:fs/promises';
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import type { NodeIo } from '../helpers/node-io.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import {
  type CaseFile,
  checkAbsent,
  fileNodes,
  KiB,
  needs,
  newFile,
  nodeNames,
  virtualSize,
} from '../helpers/shared-setup.ts';
import { checkReadFails, checkReads, filledFile, writes } from './driver-guest.ts';

const SIZE = 64 * KiB;
const BYTE = 0x5a;
const FIRST = [0, 4 * KiB] as const;

const blkdebugNodes = needs(fileNodes, { drivers: ['blkdebug'] });
const ruled = needs(blkdebugNodes, nodeBytes);

interface Ruled {
  readonly guest: NodeIo;
  readonly file: CaseFile;
}

/** A guest of a raw node over blkdebug with these options, over a file that holds `BYTE` all over. */
async function ruledGuest(t: CaseContext, options: JsonObject): Promise<Ruled> {
  const file = await filledFile(t, SIZE, BYTE);
  const node = t.name('raw');
  await t.execute('blockdev-add', {
    driver: 'raw',
    'node-name': node,
    file: { driver: 'blkdebug', image: file.options, ...options },
  });
  return { file, guest: await openIo(t, node) };
}

async function checkWrites(t: CaseContext, guest: NodeIo, what: string): Promise<void> {
  const written = await writes(guest, [SIZE - 4 * KiB, 4 * KiB], BYTE);
  t.check(written, `a write ${what} must succeed`, 'it is refused');
}

/** A case of one guest: its rules, and what it does. */
function ruleCase(
  id: string,
  title: string,
  requirements: readonly RequirementId[],
  options: JsonObject,
  run: (t: CaseContext, scene: Ruled) => Promise<void>,
): CaseDefinition {
  return {
    id: `blkdebug/${id}`,
    title,
    requirements,
    needs: ruled,
    run: async (t) => run(t, await ruledGuest(t, options)),
  };
}

const inject = (...rules: JsonObject[]): JsonObject => ({ 'inject-error': rules });
const onRead = { event: 'read_aio' };

export const blkdebugRuleCases: readonly CaseDefinition[] = [
  ruleCase(
    'no-rules',
    'Without rules requests pass to image and from it',
    ['blkdebug/image'],
    {},
    async (t: CaseContext, { guest, file }) => {
      await checkReads(t, guest, FIRST, BYTE, 'without rules');
      t.check(await writes(guest, [512, 512], 7), 'a write without rules must succeed', 'it fails');
      t.check(
        (await bytesOf(t, file.local)).equals(Buffer.alloc(SIZE, BYTE).fill(7, 512, 1024)),
        'the image must hold what was written, and nothing else must change',
        'it holds something else',
      );
    },
  ),
  ruleCase(
    'once-default',
    'An error without once comes every time, and not before its event',
    ['blkdebug/inject-error', 'blkdebug/once-default'],
    inject(onRead),
    async (t: CaseContext, { guest }) => {
      await checkWrites(t, guest, 'before the event of the rule');
      for (const nth of ['first', 'second', 'third'])
        await checkReadFails(t, guest, FIRST, `for the ${nth} time, with a rule for it`);
    },
  ),
  ruleCase(
    'errno-default',
    'Without errno the error is EIO',
    ['blkdebug/errno-default'],
    inject(onRead),
    async (t: CaseContext, { guest }) => checkReadFails(t, guest, FIRST, 'with a rule without errno', 'EIO'),
  ),
  ruleCase(
    'errno',
    'errno is the error that the request ends with',
    ['blkdebug/errno'],
    inject(
      { ...onRead, errno: 28, sector: 0 },
      { ...onRead, errno: 12, sector: 1 },
      { ...onRead, errno: 1, sector: 2 },
    ),
    async (t: CaseContext, { guest }) => {
      for (const [sector, name] of (['ENOSPC', 'ENOMEM', 'EPERM'] as const).entries())
        await checkReadFails(t, guest, [sector * 512, 512], `with errno of ${name}`, name);
    },
  ),
  ruleCase(
    'sector',
    'An error for a sector comes to requests that touch it, and to no other',
    ['blkdebug/sector'],
    inject({ ...onRead, sector: 8 }),
    async (t: CaseContext, { guest }) => {
      await checkReads(t, guest, [0, 8 * 512], BYTE, 'that ends before the sector of the rule');
      await checkReads(t, guest, [9 * 512, 8 * 512], BYTE, 'that begins behind the sector of the rule');
      await checkReadFails(t, guest, [8 * 512, 512], 'of the sector of the rule');
      await checkReadFails(t, guest, [7 * 512, 3 * 512], 'that covers the sector of the rule');
    },
  ),
  ruleCase(
    'sector-default',
    'An error without sector comes to every request, wherever it is',
    ['blkdebug/sector-default'],
    inject(onRead),
    async (t: CaseContext, { guest }) => {
      for (const offset of [0, SIZE / 2, SIZE - 512])
        await checkReadFails(t, guest, [offset, 512], `at ${offset}, with a rule for every sector`);
    },
  ),
  ruleCase(
    'once',
    'An error with once comes one time; the next rule for the event is due then',
    ['blkdebug/once'],
    inject({ ...onRead, errno: 28, once: true }, { ...onRead, errno: 12, once: true }),
    async (t: CaseContext, { guest }) => {
      const [offset, length] = FIRST;
      const errors = [];
      for (let nth = 0; nth < 2; nth += 1) errors.push(await guest.attempt({ kind: 'read', offset, length }));
      t.equal(errors.toSorted(), ['ENOMEM', 'ENOSPC'], 'each of two rules with once must strike one time');
      await checkReads(t, guest, FIRST, BYTE, 'after all rules with once have struck');
    },
  ),
  ...[true, false].map((immediately) =>
    ruleCase(
      `immediately-${immediately}`,
      `With immediately ${immediately} the error comes`,
      [immediately ? 'blkdebug/immediately' : 'blkdebug/immediately-default'],
      inject({ ...onRead, immediately, errno: 28, once: true }),
      async (t: CaseContext, { guest }) => {
        await checkReadFails(t, guest, FIRST, `with immediately ${immediately}`, 'ENOSPC');
        await checkReads(t, guest, FIRST, BYTE, 'after the one that failed');
      },
    ),
  ),
  ruleCase(
    'event-of-another-request',
    'A rule for writes leaves reads alone until a write comes',
    ['blkdebug/inject-error'],
    inject({ event: 'write_aio', once: true }),
    async (t: CaseContext, { guest, file }) => {
      await checkReads(t, guest, FIRST, BYTE, 'with a rule for writes');
      t.check(!(await writes(guest, [0, 512], 7)), 'a write with a rule for it must fail', 'it succeeds');
      t.check(
        (await bytesOf(t, file.local)).equals(Buffer.alloc(SIZE, BYTE)),
        'a write that failed by a rule must not reach the image',
        'the image changed',
      );
      await checkWrites(t, guest, 'after the rule has struck');
    },
  ),
  ruleCase(
    'state',
    'A rule with a state strikes in that state only, which set-state brings about',
    ['blkdebug/state', 'blkdebug/new-state'],
    { ...inject({ ...onRead, state: 2 }), 'set-state': [{ ...onRead, new_state: 2 }] },
    async (t: CaseContext, { guest }) => {
      await checkReads(t, guest, FIRST, BYTE, 'before the state of the rule');
      await checkReadFails(t, guest, FIRST, 'in the state of the rule');
    },
  ),
  ruleCase(
    'state-default',
    'A rule without a state strikes in every state',
    ['blkdebug/state-default'],
    { ...inject(onRead), 'set-state': [{ event: 'write_aio', new_state: 7 }] },
    async (t: CaseContext, { guest }) => {
      await checkReadFails(t, guest, FIRST, 'in the state of the beginning');
      // What is armed strikes requests of every kind, so this one fails; its event has been all the same.
      await writes(guest, [0, 512], BYTE);
      await checkReadFails(t, guest, FIRST, 'in another state');
    },
  ),
  ruleCase(
    'state-chain',
    'States change only from the state that set-state names',
    ['blkdebug/set-state', 'blkdebug/new-state'],
    {
      ...inject({ ...onRead, state: 4 }),
      'set-state': [
        { event: 'write_aio', state: 1, new_state: 3 },
        { ...onRead, state: 3, new_state: 4 },
      ],
    },
    async (t: CaseContext, { guest }) => {
      for (const nth of ['first', 'second', 'third'])
        await checkReads(t, guest, FIRST, BYTE, `for the ${nth} time, while no write has changed the state`);
      await checkWrites(t, guest, 'that changes the state');
      await checkReads(t, guest, FIRST, BYTE, 'that changes the state once more');
      await checkReadFails(t, guest, FIRST, 'in the state of the rule');
    },
  ),
  ruleCase(
    'set-state-default',
    'A set-state without a state changes the state in every state',
    ['blkdebug/set-state-default'],
    {
      ...inject({ ...onRead, state: 5 }),
      'set-state': [
        { event: 'write_aio', state: 1, new_state: 3 },
        { event: 'flush_to_os', new_state: 9 },
        { ...onRead, new_state: 5 },
      ],
    },
    async (t: CaseContext, { guest }) => {
      await checkWrites(t, guest, 'that changes the state');
      await checkReads(t, guest, FIRST, BYTE, 'that changes the state from whatever it is');
      await checkReadFails(t, guest, FIRST, 'in the state of the rule');
    },
  ),
  {
    id: 'blkdebug/config',
    title: 'config names a file with rules, which strike as those given in place',
    requirements: ['blkdebug/config'],
    needs: ruled,
    async run(t: CaseContext) {
      const config = newFile(t);
      await writeFile(
        config.local,
        [
          '# one error, in the second state',
          '[inject-error]',
          'event = "read_aio"',
          'state = "2"',
          'errno = "28"',
          'sector = "0"',
          'once = "on"',
          'immediately = "off"',
          '[set-state]',
          'event = "read_aio"',
          'state = "1"',
          'new_state = "2"',
          '',
        ].join('\n'),
      );
      const { guest } = await ruledGuest(t, {
        config: config.path,
        ...inject({ event: 'write_aio', errno: 12 }),
      });
      await checkReads(t, guest, FIRST, BYTE, 'before the state of the rule in the file');
      await checkReads(t, guest, [4096, 512], BYTE, 'of another sector than the rule in the file names');
      await checkReadFails(t, guest, FIRST, 'with a rule in the file', 'ENOSPC');
      await checkReads(t, guest, FIRST, BYTE, 'after the rule in the file has struck');
      t.check(
        !(await writes(guest, [0, 512], 7)),
        'a write with a rule beside the file must fail',
        'it succeeds',
      );
    },
  },
  {
    id: 'blkdebug/config-broken',
    title: 'A config that is missing, or says what is no rule, is refused and leaves nothing',
    requirements: ['blkdebug/config', 'blockdev-add/failure-leaves-nothing'],
    needs: blkdebugNodes,
    async run(t: CaseContext) {
      const { options } = await filledFile(t, SIZE, BYTE);
      const node = t.name('blkdebug');
      const before = await nodeNames(t);
      const texts = [
        'event = "read_aio"\n',
        '[no-such-group]\nevent = "read_aio"\n',
        '[inject-error]\nevent = "no_such_event"\n',
        '[inject-error]\nerrno = "5"\n',
        '[inject-error]\nevent = "read_aio"\ncolour = "red"\n',
        '[inject-error]\nevent = "read_aio"\nerrno = "many"\n',
      ];
      const missing = newFile(t).path;
      const open = (config: string) => ({ driver: 'blkdebug', 'node-name': node, image: options, config });
      await t.refused('blockdev-add', open(missing), { text: /No such file or directory/ });
      for (const text of texts) {
        const config = newFile(t);
        await writeFile(config.local, text);
        await t.refused('blockdev-add', open(config.path));
      }
      t.equal(await nodeNames(t), before, 'a refused blkdebug node must leave nothing');
      const config = newFile(t);
      await writeFile(config.local, '[inject-error]\nevent = "read_aio"\n');
      await t.execute('blockdev-add', open(config.path));
    },
  },
  {
    id: 'blkdebug/image-missing',
    title: 'A blkdebug node whose image cannot be opened is refused and leaves nothing',
    requirements: ['blkdebug/image', 'blockdev-add/failure-leaves-nothing'],
    needs: blkdebugNodes,
    async run(t: CaseContext) {
      const node = t.name('blkdebug');
      const before = await nodeNames(t);
      const { path: filename, local } = newFile(t);
      const options = { driver: 'blkdebug', 'node-name': node, image: { driver: 'file', filename } };
      await t.refused('blockdev-add', options);
      await checkAbsent(t, node);
      t.equal(await nodeNames(t), before, 'a refused blkdebug node must leave nothing');
      await writeFile(local, Buffer.alloc(SIZE));
      await t.execute('blockdev-add', options);
      t.equal(await virtualSize(t, node), SIZE, 'with its image the node must be as long as that');
    },
  },
];
