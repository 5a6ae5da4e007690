/** blkdebug's config file: what a rule means that leaves something out, and how it may be written. */
import { writeFile } from 'node:fs/promises';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { fileNodes, KiB, needs, newFile } from '../helpers/shared-setup.ts';
import type { IoRequest } from '../io-request.ts';
import { filledFile } from './driver-guest.ts';

const SIZE = 64 * KiB;
const ruled = needs(fileNodes, { drivers: ['blkdebug'] }, nodeBytes);
const at = (offset: number): IoRequest => ({ kind: 'read', offset, length: 512 });
const write: IoRequest = { kind: 'write', offset: 0, length: 512, byte: 1 };

/** Lines of a file, and requests with what must become of each. */
type Scene = readonly [
  what: string,
  lines: readonly string[],
  requests: readonly (readonly [IoRequest, string])[],
];

const rule = (...lines: readonly string[]): string[] => ['[inject-error]', 'event = "read_aio"', ...lines];

const SCENES: readonly Scene[] = [
  [
    'only an event',
    rule(),
    [
      [at(0), 'EIO'],
      [at(8192), 'EIO'],
      [at(0), 'EIO'],
    ],
  ],
  [
    'the first state',
    rule('state = "1"'),
    [
      [at(0), 'EIO'],
      [at(0), 'EIO'],
    ],
  ],
  [
    'every state',
    rule('state = "0"'),
    [
      [at(0), 'EIO'],
      [at(0), 'EIO'],
    ],
  ],
  [
    'the second state',
    rule('state = "2"'),
    [
      [at(0), 'done'],
      [at(0), 'done'],
    ],
  ],
  [
    'the first sector',
    rule('sector = "0"'),
    [
      [at(512), 'done'],
      [at(0), 'EIO'],
      [at(512), 'done'],
    ],
  ],
  [
    'the second sector',
    rule('sector = "1"'),
    [
      [at(0), 'done'],
      [at(512), 'EIO'],
      [at(1024), 'done'],
    ],
  ],
  [
    'every sector',
    rule('sector = "-1"'),
    [
      [at(0), 'EIO'],
      [at(4096), 'EIO'],
    ],
  ],
  [
    'once',
    rule('once = "on"'),
    [
      [at(0), 'EIO'],
      [at(0), 'done'],
      [at(0), 'done'],
    ],
  ],
  [
    'more than once',
    rule('once = "off"'),
    [
      [at(0), 'EIO'],
      [at(0), 'EIO'],
    ],
  ],
  ['an error by its number', rule('errno = "28"'), [[at(0), 'ENOSPC']]],
  ['an error in hexadecimal', rule('errno = "0x1c"'), [[at(0), 'ENOSPC']]],
  [
    'at once',
    rule('errno = "28"', 'immediately = "on"'),
    [
      [at(0), 'ENOSPC'],
      [at(0), 'ENOSPC'],
    ],
  ],
  [
    'comments and empty lines',
    ['# reads', '', ...rule('', '# no space', 'errno = "28"', '')],
    [[at(0), 'ENOSPC']],
  ],
  [
    'a name of the rule',
    ['[inject-error "first"]', 'event = "read_aio"', 'errno = "28"'],
    [[at(0), 'ENOSPC']],
  ],
  ['spaces before names', ['[inject-error]', '  event = "read_aio"', '\terrno = "28"'], [[at(0), 'ENOSPC']]],
  [
    'two rules',
    [...rule('errno = "28"', 'once = "on"'), ...rule('errno = "12"', 'once = "on"')],
    [
      [at(0), 'ENOSPC'],
      [at(0), 'ENOMEM'],
      [at(0), 'done'],
    ],
  ],
  [
    'another event',
    ['[inject-error]', 'event = "write_aio"', 'errno = "28"'],
    [
      [at(0), 'done'],
      [write, 'ENOSPC'],
    ],
  ],
  [
    'states from the first on',
    [
      ...rule('state = "3"'),
      '[set-state]',
      'event = "read_aio"',
      'state = "1"',
      'new_state = "2"',
      '[set-state]',
      'event = "read_aio"',
      'state = "2"',
      'new_state = "3"',
    ],
    [
      [at(0), 'done'],
      [at(0), 'done'],
      [at(0), 'EIO'],
      [at(0), 'EIO'],
    ],
  ],
  [
    'an error in later states, too',
    [...rule('errno = "28"'), '[set-state]', 'event = "write_aio"', 'new_state = "2"'],
    [
      [write, 'done'],
      [at(0), 'ENOSPC'],
      [at(512), 'ENOSPC'],
    ],
  ],
  [
    'a change in every state',
    [...rule('state = "7"'), '[set-state]', 'event = "read_aio"', 'new_state = "7"'],
    [
      [at(0), 'done'],
      [at(0), 'EIO'],
      [at(0), 'EIO'],
    ],
  ],
  [
    'a change that is for another state',
    [...rule('state = "7"'), '[set-state]', 'event = "read_aio"', 'state = "2"', 'new_state = "7"'],
    [
      [at(0), 'done'],
      [at(0), 'done'],
      [at(0), 'done'],
    ],
  ],
];

export const blkdebugFileCases: readonly CaseDefinition[] = [
  {
    id: 'blkdebug/config-forms',
    title:
      'A rule of a file means the same however it is written, and what it leaves out is as without a file',
    requirements: ['blkdebug/config', 'blkdebug/state-default'],
    needs: ruled,
    async run(t: CaseContext) {
      for (const [what, lines, requests] of SCENES) {
        const config = newFile(t);
        await writeFile(config.local, `${lines.join('\n')}\n`);
        const { options } = await filledFile(t, SIZE, 5);
        const node = t.name('raw');
        await t.execute('blockdev-add', {
          driver: 'raw',
          'node-name': node,
          file: { driver: 'blkdebug', image: options, config: config.path },
        });
        const guest = await openIo(t, node);
        for (const [index, [request, outcome]] of requests.entries())
          t.equal(
            await guest.attempt(request),
            outcome,
            `with ${what} request ${index + 1} must end as the rules say`,
          );
        await guest.close();
      }
    },
  },
];
